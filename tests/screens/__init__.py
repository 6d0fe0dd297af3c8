"""Pictures of the desk for the documentation: `make screens` takes them anew, of a real hub with the demo's customers."""

"""The desk: pages and fragments that agents work with, and the one socket that keeps them live."""

"""The words of the hub: frozen values that every other room speaks in. Imports nothing of ours."""

"""How to get into an account: providers' presets, OAuth."""

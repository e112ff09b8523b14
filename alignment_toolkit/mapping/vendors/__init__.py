"""The mappings that come with the package, as TOML."""

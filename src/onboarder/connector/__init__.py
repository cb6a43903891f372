"""The contract between the core and a marketplace: protocol, manifest, errors, HTTP, budget, registry."""

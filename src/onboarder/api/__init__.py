"""The doors onto the network: pages for merchants, the callback, the marketplaces' messages, health."""

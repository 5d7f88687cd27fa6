"""The benchmark of the gateway: what one governed call costs, beside other proxies."""

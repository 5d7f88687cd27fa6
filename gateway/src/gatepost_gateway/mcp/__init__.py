"""The client side of MCP. Nothing of the `mcp` package is loaded before the first session."""

from gatepost_gateway.mcp.servers import McpServers as McpServers

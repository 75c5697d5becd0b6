"""FastMCP's own proxy before one or more servers: `python fastmcp-gateway.py PORT URL...`."""

import sys

from fastmcp.server import create_proxy

port, *urls = sys.argv[1:]
target = urls[0] if len(urls) == 1 else {"mcpServers": {f"s{i}": {"url": url} for i, url in enumerate(urls)}}
gateway = create_proxy(target, name="gateway")
gateway.run(transport="http", host="127.0.0.1", port=int(port), path="/mcp", show_banner=False, log_level="error")

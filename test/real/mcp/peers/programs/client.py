"""A client on the Python SDK: `python client.py URL MODE STEPS HEADERS`. Prints one line of JSON."""

import asyncio
import json
import sys

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client


async def main(url, mode, steps, headers):
    http = httpx2.AsyncClient(headers=json.loads(headers), timeout=30)
    async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
        does = {
            "tools/list": lambda p: client.list_tools(),
            "tools/call": lambda p: client.call_tool(p["name"], p["arguments"]),
            "resources/list": lambda p: client.list_resources(),
            "resources/read": lambda p: client.read_resource(p["uri"]),
            "prompts/list": lambda p: client.list_prompts(),
            "prompts/get": lambda p: client.get_prompt(p["name"], p["arguments"]),
        }
        answers = []
        for step in json.loads(steps):
            try:
                result = await does[step["method"]](step["params"])
                answers.append({"result": result.model_dump(mode="json", by_alias=True, exclude_none=True)})
            except MCPError as error:
                answers.append({"error": {"code": error.code, "message": error.message}})
        server = client.server_info
        print(json.dumps({"revision": client.protocol_version, "server": server and server.name, "answers": answers}))


asyncio.run(main(*sys.argv[1:]))

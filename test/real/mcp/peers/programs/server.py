"""A server on FastMCP: `python server.py PORT`."""

import sys

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from pydantic import BaseModel


class Sum(BaseModel):
    sum: float


server = FastMCP("peer-fastmcp", version="1.0.0")


@server.tool(output_schema=None)
def echo(text: str) -> str:
    """Says it again"""
    return text


@server.tool
def add(a: float, b: float) -> Sum:
    """Adds"""
    return Sum(sum=a + b)


@server.tool
def fail() -> str:
    """Fails"""
    raise ToolError("it failed")


@server.resource("peer://note", mime_type="text/plain")
def note() -> str:
    return "a note"


@server.prompt
def greet(name: str) -> str:
    """Greets"""
    return f"Greet {name}"


server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False, log_level="error")

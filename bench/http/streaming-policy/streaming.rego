# METADATA
# title: A policy that does not read the body
# description: It decides by the path alone, so that bodies stream through the gateway unparsed.
# scope: package
package gatehouse

allow if input.call.http.segments[1] == "bulk"

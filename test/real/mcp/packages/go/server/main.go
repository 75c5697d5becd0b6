// Command server is a server on the Go SDK: server PORT [stateless]. Without sessions it speaks the newest revision too.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type said struct {
	Text string `json:"text"`
}

type terms struct {
	A float64 `json:"a"`
	B float64 `json:"b"`
}

type sum struct {
	Sum float64 `json:"sum"`
}

func main() {
	server := mcp.NewServer(&mcp.Implementation{Name: "peer-go", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "echo", Description: "Says it again"},
		func(_ context.Context, _ *mcp.CallToolRequest, in said) (*mcp.CallToolResult, any, error) {
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: in.Text}}}, nil, nil
		})
	mcp.AddTool(server, &mcp.Tool{Name: "add", Description: "Adds"},
		func(_ context.Context, _ *mcp.CallToolRequest, in terms) (*mcp.CallToolResult, sum, error) {
			return nil, sum{in.A + in.B}, nil
		})
	mcp.AddTool(server, &mcp.Tool{Name: "fail", Description: "Fails"},
		func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
			return nil, nil, errors.New("it failed")
		})
	server.AddResource(&mcp.Resource{Name: "note", URI: "peer://note", MIMEType: "text/plain"},
		func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			contents := []*mcp.ResourceContents{{URI: "peer://note", MIMEType: "text/plain", Text: "a note"}}
			return &mcp.ReadResourceResult{Contents: contents}, nil
		})
	server.AddPrompt(&mcp.Prompt{
		Name: "greet", Description: "Greets", Arguments: []*mcp.PromptArgument{{Name: "name", Required: true}},
	}, func(_ context.Context, request *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		text := fmt.Sprintf("Greet %s", request.Params.Arguments["name"])
		messages := []*mcp.PromptMessage{{Role: "user", Content: &mcp.TextContent{Text: text}}}
		return &mcp.GetPromptResult{Messages: messages}, nil
	})
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server },
		&mcp.StreamableHTTPOptions{Stateless: len(os.Args) > 2 && os.Args[2] == "stateless"})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], handler))
}

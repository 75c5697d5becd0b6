// Command client is a client on the Go SDK: client URL MODE STEPS HEADERS, where MODE is auto or a revision. It prints one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type step struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

type failure struct {
	Code    int64  `json:"code,omitempty"`
	Message string `json:"message"`
}

type answer struct {
	Result any      `json:"result,omitempty"`
	Error  *failure `json:"error,omitempty"`
}

// withHeaders adds headers to every request.
type withHeaders map[string]string

func (headers withHeaders) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(request)
}

func main() {
	url, mode := os.Args[1], os.Args[2]
	var steps []step
	headers := withHeaders{}
	must(json.Unmarshal([]byte(os.Args[3]), &steps))
	must(json.Unmarshal([]byte(os.Args[4]), &headers))

	ctx := context.Background()
	client := mcp.NewClient(&mcp.Implementation{Name: "peer-client-go", Version: "1.0.0"}, nil)
	options := &mcp.ClientSessionOptions{}
	if mode != "auto" {
		options.ProtocolVersion = mode
	}
	transport := &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: headers}}
	session, err := client.Connect(ctx, transport, options)
	must(err)
	answers := []answer{}
	for _, one := range steps {
		answers = append(answers, take(ctx, session, one))
	}
	begun := session.InitializeResult()
	out, err := json.Marshal(map[string]any{
		"revision": begun.ProtocolVersion, "server": begun.ServerInfo.Name, "answers": answers,
	})
	must(err)
	must(session.Close())
	fmt.Println(string(out))
}

func take(ctx context.Context, session *mcp.ClientSession, one step) answer {
	result, err := do(ctx, session, one)
	if err == nil {
		return answer{Result: result}
	}
	var wire *jsonrpc.Error
	if errors.As(err, &wire) {
		return answer{Error: &failure{wire.Code, wire.Message}}
	}
	return answer{Error: &failure{Message: err.Error()}}
}

func do(ctx context.Context, session *mcp.ClientSession, one step) (any, error) {
	switch one.Method {
	case "tools/list":
		return session.ListTools(ctx, nil)
	case "tools/call":
		var params mcp.CallToolParams
		must(json.Unmarshal(one.Params, &params))
		return session.CallTool(ctx, &params)
	case "resources/list":
		return session.ListResources(ctx, nil)
	case "resources/read":
		var params mcp.ReadResourceParams
		must(json.Unmarshal(one.Params, &params))
		return session.ReadResource(ctx, &params)
	case "prompts/list":
		return session.ListPrompts(ctx, nil)
	case "prompts/get":
		var params mcp.GetPromptParams
		must(json.Unmarshal(one.Params, &params))
		return session.GetPrompt(ctx, &params)
	}
	return nil, fmt.Errorf("%s is unknown here", one.Method)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

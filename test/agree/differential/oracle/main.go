// The real OPA as an oracle: reads programs as JSON lines, checks and evaluates each with OPA's library as `opa eval` would, and writes one
// line for each, in order. It decides nothing: the test that started it compares.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
	"github.com/open-policy-agent/opa/v1/util"
)

// The longest line that is read, in bytes: a program with its documents.
const lineBytesMax = 64 << 20

// What one evaluation may take if the program says nothing else. One that needs longer gives eval_cancel_error.
const evaluationTimeMax = time.Second

type program struct {
	Modules map[string]string `json:"modules"`
	Query   string            `json:"query"`
	// Absent: input is undefined.
	Input json.RawMessage `json:"input"`
	Data  json.RawMessage `json:"data"`
	// A builtin error ends the evaluation.
	Strict bool `json:"strict"`
	// Functions that a host of the policies would add, by name, with the number of their arguments. Each gives an object whose `msg` is the first.
	Functions map[string]int `json:"functions"`
	// Milliseconds that the evaluation may take; 0 is evaluationTimeMax.
	WaitMs int `json:"waitMs"`
}

type fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	File    string `json:"file"`
	Row     int    `json:"row"`
	Col     int    `json:"col"`
}

// Exactly one of the two is set.
type answer struct {
	Errors []fault          `json:"errors,omitempty"`
	Rows   *json.RawMessage `json:"rows,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 64<<10), lineBytesMax)
	out := bufio.NewWriter(os.Stdout)
	for lines.Scan() {
		reply(out, run(lines.Bytes()))
		// Answers are read as soon as they are made: whoever asks may wait for one before the next question.
		if err := out.Flush(); err != nil {
			os.Exit(1)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func reply(out *bufio.Writer, given answer) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(given); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(line []byte) (given answer) {
	defer func() {
		if cause := recover(); cause != nil {
			given = answer{Errors: []fault{{Code: "panic", Message: fmt.Sprint(cause)}}}
		}
	}()
	var asked program
	if err := json.Unmarshal(line, &asked); err != nil {
		return failed(err)
	}
	compiler, err := compile(asked)
	if err != nil {
		return failed(err)
	}
	rows, err := evaluate(compiler, asked)
	if err != nil {
		return failed(err)
	}
	return answer{Rows: rows}
}

func compile(asked program) (*ast.Compiler, error) {
	names := slices.Sorted(maps.Keys(asked.Modules))
	modules := make(map[string]*ast.Module, len(names))
	var faults ast.Errors
	for _, name := range names {
		module, err := ast.ParseModuleWithOpts(name, asked.Modules[name], ast.ParserOptions{
			RegoVersion:       ast.RegoV1,
			ProcessAnnotation: true,
		})
		var found ast.Errors
		switch {
		case errors.As(err, &found):
			faults = append(faults, found...)
		case err != nil:
			return nil, err
		default:
			modules[name] = module
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	added := make(map[string]*ast.Builtin, len(asked.Functions))
	for name, arity := range asked.Functions {
		added[name] = &ast.Builtin{Name: name, Decl: declaration(arity)}
	}
	compiler := ast.NewCompiler().WithUseTypeCheckAnnotations(true).WithBuiltins(added)
	compiler.Compile(modules)
	if compiler.Failed() {
		return nil, compiler.Errors
	}
	return compiler, nil
}

func declaration(arity int) *types.Function {
	operands := make([]types.Type, arity)
	for i := range operands {
		operands[i] = types.A
	}
	return types.NewFunction(operands, types.A)
}

func evaluate(compiler *ast.Compiler, asked program) (*json.RawMessage, error) {
	base := map[string]any{}
	if len(asked.Data) > 0 {
		if err := util.UnmarshalJSON(asked.Data, &base); err != nil {
			return nil, err
		}
	}
	options := []func(*rego.Rego){
		rego.Compiler(compiler),
		rego.Store(inmem.NewFromObjectWithOpts(base, inmem.OptRoundTripOnWrite(false))),
		rego.Query(asked.Query),
		rego.StrictBuiltinErrors(asked.Strict),
		rego.SetRegoVersion(ast.RegoV1),
	}
	if len(asked.Input) > 0 {
		input, err := ast.ValueFromReader(bytes.NewReader(asked.Input))
		if err != nil {
			return nil, err
		}
		options = append(options, rego.ParsedInput(input))
	}
	for name, arity := range asked.Functions {
		options = append(options, rego.FunctionDyn(
			&rego.Function{Name: name, Decl: declaration(arity)},
			func(_ rego.BuiltinContext, operands []*ast.Term) (*ast.Term, error) {
				return ast.ObjectTerm(ast.Item(ast.StringTerm("msg"), operands[0])), nil
			},
		))
	}
	wait := evaluationTimeMax
	if asked.WaitMs > 0 {
		wait = time.Duration(asked.WaitMs) * time.Millisecond
	}
	limited, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	results, err := rego.New(options...).Eval(limited)
	if err != nil {
		return nil, err
	}
	bindings := make([]rego.Vars, 0, len(results))
	for _, result := range results {
		// A library's caller sees results whose expressions are false; to a policy that asks they are none.
		if slices.ContainsFunc(result.Expressions, func(each *rego.ExpressionValue) bool { return each.Value == false }) {
			continue
		}
		bindings = append(bindings, result.Bindings)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(bindings); err != nil {
		return nil, err
	}
	rows := json.RawMessage(text.Bytes())
	return &rows, nil
}

func failed(err error) answer {
	var parsed ast.Errors
	var one *ast.Error
	var many rego.Errors
	var evaluated *topdown.Error
	switch {
	case errors.As(err, &parsed):
		return answer{Errors: faultsOf(parsed)}
	case errors.As(err, &one):
		return answer{Errors: faultsOf(ast.Errors{one})}
	case errors.As(err, &evaluated):
		return answer{Errors: []fault{at(evaluated.Location, evaluated.Code, evaluated.Message)}}
	case errors.As(err, &many):
		var all []fault
		for _, each := range many {
			all = append(all, failed(each).Errors...)
		}
		return answer{Errors: all}
	default:
		return answer{Errors: []fault{{Code: "other", Message: err.Error()}}}
	}
}

func faultsOf(found ast.Errors) []fault {
	all := make([]fault, 0, len(found))
	for _, each := range found {
		all = append(all, at(each.Location, each.Code, each.Message))
	}
	return all
}

func at(place *ast.Location, code, message string) fault {
	if place == nil {
		return fault{Code: code, Message: message}
	}
	return fault{Code: code, Message: message, File: place.File, Row: place.Row, Col: place.Col}
}

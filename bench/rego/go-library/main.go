// Command go-library measures OPA's Go library for `npm run bench -- rego`: prepared queries over an in-memory store, asked in one goroutine.
// Its argument is the file of cases; each line on standard input names a case and for how long to ask it, each line on standard output
// answers with the decisions made and the CPU time of this process, threads of the garbage collector included.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// benchCase is one policy with its data and its inputs.
type benchCase struct {
	Name   string         `json:"name"`
	Query  string         `json:"query"`
	Policy string         `json:"policy"`
	Data   map[string]any `json:"data"`
	Inputs []any          `json:"inputs"`
}

// request asks for the answers to all inputs of a case, or, where Ms is positive, for a slice of so many milliseconds.
type request struct {
	Case   string `json:"case"`
	Parsed bool   `json:"parsed"`
	Ms     int    `json:"ms"`
}

type reply struct {
	Answers   []any   `json:"answers,omitempty"`
	Decisions int     `json:"decisions"`
	CPUUs     float64 `json:"cpu_us"`
}

// subject is one case in one of the two forms: Go values, or syntax trees in input and store.
type subject struct {
	query  rego.PreparedEvalQuery
	inputs []rego.EvalOption
}

func main() {
	if err := serve(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(file string) error {
	subjects, err := load(file)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		one, ok := subjects[key(asked.Case, asked.Parsed)]
		if !ok {
			return fmt.Errorf("there is no case `%s`", asked.Case)
		}
		answer, err := one.reply(asked.Ms)
		if err != nil {
			return err
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func key(name string, parsed bool) string { return fmt.Sprintf("%s parsed=%t", name, parsed) }

func load(file string) (map[string]*subject, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var cases []benchCase
	if err := json.Unmarshal(text, &cases); err != nil {
		return nil, err
	}
	subjects := map[string]*subject{}
	for _, one := range cases {
		for _, parsed := range []bool{false, true} {
			made, err := one.prepare(parsed)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", one.Name, err)
			}
			subjects[key(one.Name, parsed)] = made
		}
	}
	return subjects, nil
}

func (one benchCase) prepare(parsed bool) (*subject, error) {
	store := inmem.NewFromObjectWithOpts(one.Data, inmem.OptReturnASTValuesOnRead(parsed))
	query, err := rego.New(
		rego.Query(one.Query),
		rego.Module(one.Name+".rego", one.Policy),
		rego.Store(store),
	).PrepareForEval(context.Background())
	if err != nil {
		return nil, err
	}
	made := &subject{query: query}
	for _, input := range one.Inputs {
		if !parsed {
			made.inputs = append(made.inputs, rego.EvalInput(input))
			continue
		}
		value, err := ast.InterfaceToValue(input)
		if err != nil {
			return nil, err
		}
		made.inputs = append(made.inputs, rego.EvalParsedInput(value))
	}
	return made, nil
}

func (s *subject) reply(ms int) (reply, error) {
	if ms > 0 {
		return s.slice(time.Duration(ms) * time.Millisecond)
	}
	answers := make([]any, 0, len(s.inputs))
	for _, input := range s.inputs {
		answer, err := s.ask(input)
		if err != nil {
			return reply{}, err
		}
		answers = append(answers, answer)
	}
	return reply{Answers: answers}, nil
}

func (s *subject) slice(wanted time.Duration) (reply, error) {
	before, err := cpu()
	if err != nil {
		return reply{}, err
	}
	decisions := 0
	for began := time.Now(); time.Since(began) < wanted; {
		for _, input := range s.inputs {
			if _, err := s.ask(input); err != nil {
				return reply{}, err
			}
		}
		decisions += len(s.inputs)
	}
	after, err := cpu()
	return reply{Decisions: decisions, CPUUs: after - before}, err
}

func (s *subject) ask(input rego.EvalOption) (any, error) {
	results, err := s.query.Eval(context.Background(), input)
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, fmt.Errorf("a query of one term gave %d results", len(results))
	}
	return results[0].Expressions[0].Value, nil
}

// cpu gives the user and system time of this process in microseconds.
func cpu() (float64, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, err
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1000, nil
}

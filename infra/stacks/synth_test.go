package stacks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"dangol/infra/stacks"
	"dangol/infra/topology"
)

// root is where the tests put what they synthesize.
var root string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if root, err = os.MkdirTemp("", "dangol-synth"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(root)
		return m.Run()
	}())
}

// prod is the context of most tests.
var prod = map[string]any{"stage": "prod", "origins": "https://shop.example.com", "mailFrom": "hello@shop.example.com"}

// with is a context with some values replaced.
func with(context map[string]any, pairs ...string) map[string]any {
	changed := maps.Clone(context)
	for i := 0; i < len(pairs); i += 2 {
		changed[pairs[i]] = pairs[i+1]
	}
	return changed
}

// The syntheses of this binary, each made once and nothing in parallel: jsii is one child process and not safe for
// goroutines. Only that of prod is looked through by cdk-nag, which takes as long as the synthesis.
var (
	ofProd = sync.OnceValues(func() (stacks.Stacks, error) { return synthesize(prod, true) })
	ofDev  = sync.OnceValues(func() (stacks.Stacks, error) { return synthesize(with(prod, "stage", "dev"), false) })
	// with a value for each setting, so with an issuer of the shop's own
	ofEverySetting = sync.OnceValues(func() (stacks.Stacks, error) { return synthesize(everySetting(), false) })
)

// synth is the system in the stage prod.
func synth(t *testing.T) stacks.Stacks { return must(t, ofProd) }

func must(t *testing.T, synthesis func() (stacks.Stacks, error)) stacks.Stacks {
	t.Helper()
	s, err := synthesis()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// configure reads a context as the CDK app does.
func configure(context map[string]any) (awscdk.App, stacks.Config, error) {
	out, err := os.MkdirTemp(root, "out")
	if err != nil {
		return nil, stacks.Config{}, err
	}
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(out), Context: &context})
	c, err := stacks.FromContext(app)
	return app, c, err
}

// synthesize builds the stacks with stand-ins for the executables: a template names them by their hash only.
func synthesize(context map[string]any, nag bool) (stacks.Stacks, error) {
	return synthesizeSystem(context, topology.Dangol, nag)
}

func synthesizeSystem(context map[string]any, system topology.System, nag bool) (stacks.Stacks, error) {
	dist := filepath.Join(root, "dist")
	for _, f := range system.Functions {
		folder := filepath.Join(dist, f.Name)
		if err := errors.Join(os.MkdirAll(folder, 0o755),
			os.WriteFile(filepath.Join(folder, "bootstrap"), []byte(f.Name), 0o755)); err != nil {
			return stacks.Stacks{}, err
		}
	}
	app, config, err := configure(with(context, "dist", dist))
	if err != nil {
		return stacks.Stacks{}, err
	}
	if err := config.Built(system); err != nil {
		return stacks.Stacks{}, err
	}
	s := stacks.Build(app, config, system)
	stacks.Suppress(s)
	if nag {
		awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	}
	app.Synth(nil)
	return s, nil
}

func all(s stacks.Stacks) []awscdk.Stack {
	return []awscdk.Stack{s.Data.Stack, s.Async.Stack, s.API.Stack, s.Watch}
}

// template is the CloudFormation template of a stack, as far as the tests look at it.
type template struct {
	Resources map[string]resource
	Outputs   map[string]struct{ Value, Export any }
}

// resource is one resource of a template.
type resource struct {
	Type           string
	DeletionPolicy string
	DependsOn      any
	Properties     map[string]any
}

// templates are those that were read, by file.
var templates = map[string]template{}

// templateOf reads the template that the synthesis wrote.
func templateOf(t *testing.T, stack awscdk.Stack) template {
	t.Helper()
	file := filepath.Join(*awscdk.Stage_Of(stack).Outdir(), *stack.TemplateFile())
	read, ok := templates[file]
	if ok {
		return read
	}
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	templates[file] = read
	return read
}

// resources are those of a kind, or all when kind is empty.
func resources(t *testing.T, stack awscdk.Stack, kind string) map[string]resource {
	t.Helper()
	found := map[string]resource{}
	for id, r := range templateOf(t, stack).Resources {
		if kind == "" || r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// everywhere are the resources of a kind in all stacks; logical ids differ between them.
func everywhere(t *testing.T, s stacks.Stacks, kind string) map[string]resource {
	t.Helper()
	found := map[string]resource{}
	for _, stack := range all(s) {
		for id, r := range resources(t, stack, kind) {
			found[*stack.StackName()+"/"+id] = r
		}
	}
	return found
}

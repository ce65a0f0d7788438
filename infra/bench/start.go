package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
	"dangol/infra/testkit/runtimeapi"
	"dangol/infra/topology"
	"dangol/shared/platform/clock"
)

// startUp times each bootstrap from the start of the process to its first request for an event, in turn with the bare
// function so that both meet the same machine.
func startUp(ctx context.Context, n int) error {
	// Next to the functions and hidden, so that nothing takes it for one of them.
	bare := "bin/functions/.bare"
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", bare,
		"./infra/bench/bare")
	build.Stderr = os.Stderr
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the bare function: %w", err)
	}
	e, err := engine.Start(ctx, engine.Options{})
	if err != nil {
		return err
	}
	defer e.Stop()
	// Both names: the functions read the first, the bare one's client reads the SDK's own.
	env := map[string]string{
		"DYNAMODB_ENDPOINT": e.Endpoint(), "AWS_ENDPOINT_URL_DYNAMODB": e.Endpoint(), "AWS_REGION": tables.Region,
		"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "HOME": os.TempDir(),
	}
	fmt.Printf("\nStart to first request for an event, %d starts each, in turn with a bare function with one DynamoDB "+
		"client\n", n)
	fmt.Printf("%-12s %10s %10s %8s\n", "function", "median", "bare", "ratio")
	for _, f := range topology.Dangol.Functions {
		var own, other []time.Duration
		// In turn, so that a slow moment of the machine meets both.
		for range n {
			a, err := once(ctx, "bin/functions/"+f.Name, withVariables(env, f))
			if err != nil {
				return err
			}
			b, err := once(ctx, bare, env)
			if err != nil {
				return err
			}
			own, other = append(own, a), append(other, b)
		}
		a, b := median(own), median(other)
		fmt.Printf("%-12s %10s %10s %8.2f\n", f.Name, a.Round(100*time.Microsecond), b.Round(100*time.Microsecond),
			float64(a)/float64(b))
	}
	return nil
}

// withVariables adds the environment that the function's Spec names, with sample values.
func withVariables(base map[string]string, f topology.Function) map[string]string {
	env := map[string]string{}
	for k, v := range base {
		env[k] = v
	}
	for _, name := range f.Environment {
		env[name] = topology.Sample[name]
	}
	return env
}

// once starts a bootstrap and returns the time until it asks for its first event.
func once(ctx context.Context, path string, env map[string]string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	f, err := runtimeapi.Start(ctx, runtimeapi.Options{Path: path, Env: env, Timeout: time.Second, Clock: clock.System{}})
	if err != nil {
		return 0, err
	}
	f.Stop()
	return f.StartUp(), nil
}

// median is the middle of the times; one slow start must not move the figure.
func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// sizes prints what each deployed function weighs zipped.
func sizes() error {
	fmt.Printf("\nSize of each function for arm64, zipped\n%-12s %8s\n", "function", "MB")
	for _, f := range topology.Dangol.Functions {
		size, err := zipped("dist/" + f.Name + "/bootstrap")
		if err != nil {
			return fmt.Errorf("%w: run `make build` first", err)
		}
		fmt.Printf("%-12s %8.2f\n", f.Name, float64(size)/1e6)
	}
	return nil
}

// zipped is the size as deployed: the best compression, as
// Lambda's limit and the load from S3 are by it.
func zipped(path string) (int, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate,
		func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	w, err := z.Create("bootstrap")
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(content); err != nil {
		return 0, err
	}
	return b.Len(), z.Close()
}

// Package boot starts a function. On AWS it reads the environment, opens the connection to DynamoDB before the first
// request pays for it, and hands over to the Lambda runtime. The laptop and the tests build the same functions from an
// Env of their own.
package boot

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
)

// Env is what a function takes from outside.
type Env struct {
	Function string              // its name, for logs and metrics
	Getenv   func(string) string // reads an environment variable; "" when it is not set
	Clock    clock.Clock
	Log      *slog.Logger
	Out      io.Writer // where metrics go; nil is nowhere
	// Observe, when set, is told of every table operation; WrapDB, when set, stands before the database. The permission
	// and fault tests use them.
	Observe func(table.Op)
	WrapDB  func(table.DB) table.DB
	HTTP    *http.Client
	// SkipSchemas lets requests through whose bodies their schema forbids. Only tests set it, to see that the domain
	// refuses them too.
	SkipSchemas bool
}

// New makes a function: it reads its configuration, wires its parts and returns its handler.
type New func(context.Context, *Env) (lambda.Handler, error)

// Run is the whole of a bootstrap's main. A configuration that is not complete ends the process with its name.
func Run(function string, build New) {
	// An unknown level must not keep a function from starting.
	level := slog.LevelInfo
	if err := level.UnmarshalText([]byte(os.Getenv("LOG_LEVEL"))); err != nil {
		level = slog.LevelInfo
	}
	env := &Env{
		Function: function, Getenv: os.Getenv, Clock: clock.System{},
		Log: logging.New(os.Stdout, function, level), Out: os.Stdout, HTTP: httpClient(),
	}
	ctx := context.Background()
	handler, err := build(ctx, env)
	if err != nil {
		env.Log.ErrorContext(ctx, "start", "error", err)
		os.Exit(1)
	}
	lambda.StartWithOptions(handler)
}

// Metrics returns the writer of the function's metrics. They carry the function and the stage (variable STAGE), so that
// two stages in one account are two metrics.
func (e *Env) Metrics() *metrics.Writer {
	out := e.Out
	if out == nil {
		out = io.Discard
	}
	base := map[string]string{"function": e.Function}
	if e.Getenv != nil {
		if stage := e.Getenv("STAGE"); stage != "" {
			base["stage"] = stage
		}
	}
	return metrics.New(out, e.Clock, base)
}

// WriteBuffer is large enough for a request with a typical item, in bytes: with the 4 KB of net/http most writes to
// DynamoDB take two system calls.
const WriteBuffer = 16 << 10

// httpClient keeps connections open between invocations and never waits longer than a function may run.
// 2 and 3 seconds for a connection inside a region are many times the usual.
func httpClient() *http.Client {
	dialer := &net.Dialer{Timeout: 2 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			MaxIdleConns: 100, MaxIdleConnsPerHost: 100, IdleConnTimeout: 90 * time.Second,
			TLSHandshakeTimeout: 3 * time.Second, ResponseHeaderTimeout: 8 * time.Second,
			WriteBufferSize: WriteBuffer,
		},
	}
}

// Config fills a struct from the environment: a field tagged `env:"NAME"` must be set, `env:"NAME,optional"` may be
// missing, `env:"NAME,default=x"` has a default. Fields are strings, ints, bools, durations or lists with commas.
func (e *Env) Config(into any) error {
	// Reflection runs once at start, and saves each function its own reading code.
	v := reflect.ValueOf(into).Elem()
	for i := range v.NumField() {
		name, rule, _ := strings.Cut(v.Type().Field(i).Tag.Get("env"), ",")
		if name == "" {
			continue
		}
		text := e.Getenv(name)
		if text == "" {
			text = strings.TrimPrefix(rule, "default=")
			if rule == "optional" {
				continue
			}
		}
		if text == "" {
			return fmt.Errorf("environment variable %s is not set", name)
		}
		if err := set(v.Field(i), text); err != nil {
			return fmt.Errorf("environment variable %s: %w", name, err)
		}
	}
	return nil
}

// set puts a text into a field of its type.
func set(field reflect.Value, text string) error {
	switch field.Interface().(type) {
	case string:
		field.SetString(text)
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		field.SetInt(int64(n))
	case bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return err
		}
		field.SetBool(b)
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		field.SetInt(int64(d))
	case []string:
		all := strings.Split(text, ",")
		for i := range all {
			all[i] = strings.TrimSpace(all[i])
		}
		field.Set(reflect.ValueOf(all))
	default:
		return fmt.Errorf("a field of type %s cannot be configured", field.Type())
	}
	return nil
}

// AWS is the configuration of SDK clients. It is built by hand: Lambda passes region and credentials in the
// environment, and the SDK's own loader would add its sign-in clients to every binary (measured at 2 MB and 4 ms of
// start).
func (e *Env) AWS() aws.Config {
	region := e.Getenv("AWS_REGION")
	if region == "" {
		region = "ap-northeast-2"
	}
	return aws.Config{
		Region: region, HTTPClient: e.HTTP,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: e.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: e.Getenv("AWS_SECRET_ACCESS_KEY"),
				SessionToken: e.Getenv("AWS_SESSION_TOKEN"), Source: "environment",
			}, nil
		}),
		Retryer: func() aws.Retryer {
			// 4 attempts and at most a second between them: a function must answer
			// within its own time, and package table waits by itself where that helps.
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = 4, time.Second
			})
		},
	}
}

// Endpoint is the address of an AWS service when it is not the usual one, for example DYNAMODB_ENDPOINT; nil otherwise.
func (e *Env) Endpoint(service string) *string {
	if url := e.Getenv(service + "_ENDPOINT"); url != "" {
		return &url
	}
	return nil
}

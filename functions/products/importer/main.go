// Command importer is behind "make import FILE=...": it sends a CSV file in Shopify's product format to the shop's API,
// piece by piece. It holds a few pieces in memory, cuts only between products, and sends a piece again when the answer
// is lost, which is safe because importing the same rows twice changes nothing the second time.
//
// Exit status: 0 when every product went in, 1 when any row was refused or the API gave up, 2 for wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// options are what the command line and the environment ask for.
type options struct {
	file, api, token   string
	login, client      string // log-in page and client id, instead of a token
	printToken         bool   // prints the token of the log-in and imports nothing
	currency, language string
	delivery           string // adds the quantities of the file to the stock, once
	encoding           string
	batch, parallel    int
}

// run is the command without the process around it, for tests. It returns the exit status.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parse(args, getenv, stderr)
	if err != nil {
		return 2
	}
	if o.printToken {
		return printToken(ctx, o, stdout, stderr)
	}
	file, err := os.Open(o.file)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	defer file.Close()
	text, err := decoded(file, o.encoding)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	// The size is for the bar only; a pipe has none.
	size := int64(0)
	if info, err := file.Stat(); err == nil {
		size = info.Size()
	}
	// Bytes after decoding are counted, while the size is
	// that of the file: in EUC-KR the bar is a little ahead.
	source := &counting{from: text}
	// One request may take as long as the API: 29 seconds, and some for the way.
	sender := &client{http: &http.Client{Timeout: 60 * time.Second}, api: o.api, token: o.token, given: o.token != "",
		pause: sleep}
	if o.login != "" {
		l := login{page: strings.TrimRight(o.login, "/"), client: o.client, scopes: importing, http: sender.http, out: stderr}
		if sender.source, err = l.source(ctx); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
	}
	job := &job{
		client:   sender,
		progress: newProgress(stdout, size, source.read),
		errors:   stderr, options: o,
	}
	return job.finish(job.run(ctx, source))
}

// parse reads the command line. Its error has been printed already.
func parse(args []string, getenv func(string) string, stderr io.Writer) (options, error) {
	api := getenv("API")
	if api == "" {
		api = "http://localhost:8080"
	}
	o := options{}
	flags := flag.NewFlagSet("importer", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.file, "file", "", "CSV file in Shopify's product format")
	flags.StringVar(&o.api, "api", api, "address of the shop's API; the variable API is the default")
	flags.StringVar(&o.token, "token", "", "merchant's access token; without one, the API's development issuer is asked")
	flags.StringVar(&o.login, "login", "",
		"address of the log-in page (output LoginUrl); the command prints a link and waits until a merchant has logged in")
	flags.StringVar(&o.client, "client", "", "client id for -login (output ConsoleClient)")
	flags.BoolVar(&o.printToken, "print-token", false,
		"log in with -login and -client, print an access token for calls of one's own, and import nothing")
	flags.StringVar(&o.delivery, "delivery", "",
		"a name of the delivery whose quantities the file has: they are added to the stock, once")
	flags.StringVar(&o.currency, "currency", "",
		"currency of the price columns that name none; the shop's first when left out")
	flags.StringVar(&o.language, "language", "",
		"language of the text columns that name none; the shop's first when left out")
	flags.StringVar(&o.encoding, "encoding", "auto", "utf-8, euc-kr (what Excel saves in Korea), or auto")
	flags.IntVar(&o.batch, "batch", 500, "rows per request; products are never cut")
	flags.IntVar(&o.parallel, "parallel", 3, "requests at the same time")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	// A log-in needs both, and is no log-in when there is a token already.
	half := (o.login == "") != (o.client == "") || o.login != "" && o.token != ""
	nothing := (o.file == "") != o.printToken || o.printToken && o.login == ""
	if nothing || o.batch < 1 || o.parallel < 1 || half {
		fmt.Fprintln(stderr, "usage: importer -file products.csv [-api http://localhost:8080] [-currency KRW]")
		flags.PrintDefaults()
		return o, errors.New("usage")
	}
	return o, nil
}

// printToken logs an operator in and prints an access token with all that the Console client may ask for. It lasts for
// an hour.
func printToken(ctx context.Context, o options, stdout, stderr io.Writer) int {
	l := login{
		page: strings.TrimRight(o.login, "/"), client: o.client, scopes: operating,
		http: &http.Client{Timeout: 60 * time.Second}, out: stderr,
	}
	source, err := l.source(ctx)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	token, err := source.Token()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	fmt.Fprintln(stdout, token.AccessToken)
	return 0
}

// sleep waits, or returns early when the program is told to stop.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// returnAddress is where the log-in page sends the browser. The Console client of a deployed shop allows exactly this
// one besides its own (infra/stacks), so the port is fixed.
const returnAddress = "http://localhost:8976/callback"

// loginFor is how long the command waits for somebody to log in.
const loginFor = 5 * time.Minute

// The scopes of an import, and those of everything that an operator does, a one-time password of their own among it.
var (
	importing = []string{"openid", "shop/merchant"}
	operating = []string{
		"openid", "email", "aws.cognito.signin.user.admin", "shop/customer", "shop/agent", "shop/merchant",
	}
)

// login gets an operator's token by the authorization code flow with PKCE (RFC 7636), as RFC 8252 has it for programs
// on one's own machine: the merchant logs in with a browser, and the page returns to a port of this machine. No
// password and no secret pass through the command.
type login struct {
	page   string // address of the log-in page, the output LoginUrl of the deployment
	client string // the output ConsoleClient
	scopes []string
	http   *http.Client
	out    io.Writer
}

// source returns tokens for as long as the refresh token lasts. It waits until somebody has logged in. Errors: the port
// is taken, the time is up, the log-in was refused.
func (l login) source(ctx context.Context) (oauth2.TokenSource, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:8976")
	if err != nil {
		return nil, fmt.Errorf("log-in: the port that the page returns to: %w", err)
	}
	config := oauth2.Config{
		ClientID: l.client, RedirectURL: returnAddress, Scopes: l.scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL: l.page + "/oauth2/authorize", TokenURL: l.page + "/oauth2/token", AuthStyle: oauth2.AuthStyleInParams,
		},
	}
	verifier, state := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	answers := make(chan answer, 1)
	server := &http.Server{Handler: returned(state, answers), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	fmt.Fprintf(l.out, "Log in with a browser on this machine:\n\n%s\n\n",
		config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)))
	wait, cancel := context.WithTimeout(ctx, loginFor)
	defer cancel()
	var got answer
	select {
	case got = <-answers:
	case <-wait.Done():
		return nil, fmt.Errorf("log-in: nobody logged in: %w", wait.Err())
	}
	if got.err != nil {
		return nil, got.err
	}
	// Not the context of the waiting: the source asks for new tokens with it later.
	ctx = context.WithValue(ctx, oauth2.HTTPClient, l.http)
	token, err := config.Exchange(ctx, got.code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, fmt.Errorf("log-in: %w", err)
	}
	return config.TokenSource(ctx, token), nil
}

// answer is what the log-in page sent the browser back with.
type answer struct {
	code string
	err  error
}

// returned takes the browser's return. Requests without the state of this log-in are not its answer: any page that the
// merchant has open could send them.
func returned(state string, answers chan<- answer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
			http.Error(w, "This is not the answer to a log-in that was begun here.", http.StatusBadRequest)
			return
		}
		a := answer{code: q.Get("code")}
		if a.code == "" {
			a.err = errors.New("log-in: refused: " + q.Get("error") + " " + q.Get("error_description"))
		}
		select {
		case answers <- a:
		default: // the page was loaded again
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "Done. This page can be closed; the command goes on in the terminal.")
	})
	return mux
}

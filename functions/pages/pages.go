// Package pages serves the operators' pages, the page that pays an unpaid subscription and the storefront's web
// components, to anyone: they are programs without data, which ask the API as whoever logs in. It owns no items and
// consumes no events.
//
// Routes: GET /console/{folder}/{file}
package pages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/console"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/function"
	"dangol/shared/platform/problem"
)

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "pages", Purpose: "The operators' pages, the page that pays a subscription, and the chat widget",
		New: New, API: API(), Memory: 128, Timeout: 10 * time.Second,
		Environment: []string{"LOGIN_URL", "LOGIN_CLIENT", "LOGIN_STOREFRONT_CLIENT"},
	}
}

// Login is the log-in of the pages: Cognito's hosted page, or the issuer of a laptop. Operators and shoppers log in as
// different clients, because a shopper's token must not carry an operator's scopes.
type Login struct {
	URL        string `env:"LOGIN_URL,optional" json:"url" doc:"Address of the log-in page; empty when tokens are another issuer's."`
	Client     string `env:"LOGIN_CLIENT,optional" json:"client" doc:"The client id of operators' pages."`
	Storefront string `env:"LOGIN_STOREFRONT_CLIENT,optional" json:"storefrontClient" doc:"The client id of pages for shoppers."`
}

// New makes the function. Environment: LOGIN_URL, LOGIN_CLIENT and LOGIN_STOREFRONT_CLIENT, which a deployment with an
// issuer of its own leaves empty.
func New(_ context.Context, env *boot.Env) (lambda.Handler, error) {
	var login Login
	if err := env.Config(&login); err != nil {
		return nil, err
	}
	return service(api.Options{Clock: env.Clock, Log: env.Log}, login).Lambda(), nil
}

// API describes the routes.
func API() *api.Service { return service(api.Options{}, Login{}) }

type loginOutput struct{ Body Login }

func service(o api.Options, login Login) *api.Service {
	s := api.New("pages", o)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/console/{folder}/{file}", ID: "getConsoleFile", Tag: "Console", Access: api.Public,
		Summary: "A file of the operators' pages or of a web component", Errors: []int{404},
		Also: []int{http.StatusNotModified}, Types: []string{"text/html", "text/javascript", "text/css"},
	}, serve)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/console/login", ID: "getConsoleLogin", Tag: "Console", Access: api.Public,
		Summary: "Where the pages log in",
	}, func(context.Context, *struct{}) (*loginOutput, error) { return &loginOutput{login}, nil })
	return s
}

// ConsoleFile is a file as the answer.
type ConsoleFile struct {
	Status       int
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	ETag         string `header:"ETag"`
	Policy       string `header:"Content-Security-Policy"`
	CrossOrigin  string `header:"Cross-Origin-Resource-Policy"`
	Body         []byte
}

type fileInput struct {
	Folder  string `path:"folder" maxLength:"40" example:"chat"`
	File    string `path:"file" maxLength:"60" example:"index.html"`
	IfMatch string `header:"If-None-Match" maxLength:"200"`
	Returning
}

// Returning is what a log-in or a bank leaves in the address of the page that it sends a browser back to. The page
// reads it; the file is the same. Exported because Huma fills only exported embedded structs.
type Returning struct {
	Code         string `query:"code" maxLength:"2000" doc:"Of a log-in."`
	State        string `query:"state" maxLength:"500" doc:"Of a log-in."`
	Error        string `query:"error" maxLength:"500" doc:"Of a log-in that was refused."`
	Why          string `query:"error_description" maxLength:"2000"`
	Subscription string `query:"subscription" maxLength:"60" doc:"Whose payment it is, from the bank."`
	Payment      string `query:"payment_intent" maxLength:"500" doc:"From the bank, by Stripe."`
	Secret       string `query:"payment_intent_client_secret" maxLength:"500"`
	Setup        string `query:"setup_intent" maxLength:"500"`
	SetupSecret  string `query:"setup_intent_client_secret" maxLength:"500"`
	Status       string `query:"redirect_status" maxLength:"100"`
	Slug         string `query:"source_redirect_slug" maxLength:"500"`
	Paid         string `query:"payment" maxLength:"500" doc:"From the sandbox's bank."`
}

// kinds are the content types that are served; a file of another kind is not there.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
}

// policy lets the pages load their own files and talk to any API: which one the browser may call is the API's to allow
// (CORS).
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: " +
	"data:; connect-src 'self' https: wss: ws://localhost:* http://localhost:*; base-uri 'none'; form-action 'self'; " +
	"frame-ancestors 'none'"

func serve(_ context.Context, in *fileInput) (*ConsoleFile, error) {
	kind, known := kinds[path.Ext(in.File)]
	body, err := fs.ReadFile(console.Files, in.Folder+"/"+in.File)
	if err != nil || !known || strings.ContainsAny(in.Folder+in.File, "/\\") {
		return nil, problem.NotFound("file_not_found", "There is no such file.")
	}
	sum := sha256.Sum256(body)
	out := &ConsoleFile{
		Status: http.StatusOK, ContentType: kind, CacheControl: "public, max-age=60",
		ETag: api.ETag(hex.EncodeToString(sum[:8])), Policy: policy,
		CrossOrigin: "cross-origin", Body: body, // storefronts load the widget from their own pages
	}
	if in.IfMatch == out.ETag {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

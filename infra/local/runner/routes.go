package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3afero"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/spf13/afero"

	"dangol/infra/local/bus"
	"dangol/infra/local/socket"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
)

// mediaBucket holds the shop's pictures, chatBucket the attachments of conversations.
const (
	mediaBucket = "media"
	chatBucket  = "chat-files"
	mailBucket  = "inbound-mail" // mails that the shop receives
)

// phonePath is where the telephone network's stand-in is.
const phonePath = "/dev/phone"

// longest is the longest step that the clock takes at once: five years cover every rule with a
// term.
const longest = 5 * 366 * 24 * time.Hour

// routes puts the API, the stand-ins for AWS and the development pages on one port, so that there
// is one address to know and no CORS between them.
func (r *Runner) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", r.gateway)
	mux.HandleFunc("GET /{$}", r.home)
	mux.HandleFunc("GET /dev/clock", r.showClock)
	mux.HandleFunc("POST /dev/clock", r.moveClock)
	for _, path := range []string{"/dev/token", "/dev/account-mail", "/oauth2/", "/login", "/logout",
		"/signup", "/resendcode", "/forgotPassword", "/confirmUser"} {
		mux.Handle(path, r.issuer)
	}
	mux.Handle("/.well-known/", r.issuer)
	mux.Handle("/dev/push/", http.StripPrefix("/dev/push", r.push.Handler()))
	mux.Handle(phonePath+"/", http.StripPrefix(phonePath, r.phone))
	mux.Handle("/inbox", r.mail)
	mux.Handle("/inbox/", r.mail)
	mux.Handle("/inbox.json", r.mail)
	if r.sockets != nil {
		mux.Handle("/"+socket.Stage, r.sockets)
		mux.Handle("/"+socket.Stage+"/", r.sockets)
	}
	for prefix, service := range map[string]http.Handler{
		"/sandbox": r.payments, "/aws/events": r.bus, "/aws/sqs": r.queues, "/aws/ses": r.mail, "/aws/scheduler": r.schedule,
		"/aws/s3": r.media,
	} {
		mux.Handle(prefix, http.StripPrefix(prefix, service)) // also without a slash: clients do not follow a redirected POST
		mux.Handle(prefix+"/", http.StripPrefix(prefix, service))
	}
	return mux
}

// openMedia makes the stand-in for S3, on disk when there is a data folder.
func (r *Runner) openMedia() error {
	var backend gofakes3.Backend = s3mem.New()
	if r.options.Data != "" {
		disk, err := s3afero.MultiBucket(afero.NewBasePathFs(afero.NewOsFs(), filepath.Join(r.options.Data, "s3")))
		if err != nil {
			return fmt.Errorf("s3: %w", err)
		}
		backend = disk
	}
	for _, name := range []string{mediaBucket, chatBucket, mailBucket} {
		if there, err := backend.BucketExists(name); err != nil {
			return fmt.Errorf("s3: %w", err)
		} else if there {
			continue
		}
		if err := backend.CreateBucket(name); err != nil {
			return fmt.Errorf("s3: %w", err)
		}
	}
	r.objects = backend
	r.media = gofakes3.New(backend).Server()
	return nil
}

// receiveMail stores a mail as SES does, and tells of it as S3 does.
func (r *Runner) receiveMail(raw []byte) error {
	key := "mails/" + id.New("in", r.clock.Now())
	if _, err := r.objects.PutObject(mailBucket, key, nil, bytes.NewReader(raw), int64(len(raw)), nil); err != nil {
		return fmt.Errorf("s3: %w", err)
	}
	detail, err := json.Marshal(map[string]any{
		"bucket": map[string]string{"name": mailBucket}, "object": map[string]any{"key": key, "size": len(raw)},
	})
	if err != nil {
		return err
	}
	if err := r.bus.Emit(bus.Default, "aws.s3", "Object Created", detail); err != nil {
		return err
	}
	r.wakeUp()
	return nil
}

// localCredentials are accepted by every stand-in; the SDK refuses to call without any.
type localCredentials struct{}

// Retrieve returns them.
func (localCredentials) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
}

// pages are the addresses that a developer needs, in the order in which they are printed.
var pages = []struct{ path, what string }{
	{"/products", "the shop's API"},
	{"/console/chat/index.html", "the agents' page"},
	{"/console/chat/widget.html", "a storefront with the chat widget"},
	{"/docs", "API reference"},
	{"/inbox", "every mail the shop has sent"},
	{"/dev/clock", "the shop's time; POST {\"advance\":\"72h\"} to move it"},
	{"/dev/push/browsers", "POST for a browser that receives web push; GET /dev/push/browsers/{id} for its messages"},
	{phonePath + "/calls", "every call that the shop has started; " + phonePath + "/texts for its text messages"},
	{"/oauth2/authorize", "log-in page, as Cognito has it: authorization code with PKCE, client dangol-local"},
	{"/dev/account-mail", "POST {\"trigger\":\"SignUp\",\"email\":\"ann@example.com\"} for a mail about an account"},
	{"/dev/token", "POST {\"sub\":\"ann\",\"email\":\"ann@example.com\",\"groups\":[]} for an access token"},
}

// Pages lists the addresses and what is there.
func (r *Runner) Pages() []string {
	lines := make([]string, len(pages))
	for i, p := range pages {
		lines[i] = fmt.Sprintf("%-38s %s", r.address+p.path, p.what)
	}
	return lines
}

// home lists the pages and shows the shop's time.
func (r *Runner) home(w http.ResponseWriter, _ *http.Request) {
	var b strings.Builder
	b.WriteString(`<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Dangol</title>` +
		`<style>body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#222;overflow-wrap:anywhere}` +
		`a{color:#0a5c4a}dt{margin-top:1rem}dd{margin:0;color:#555}</style><h1>Dangol 단골</h1>` +
		`<p>The shop's back end, on this machine. The shop's time is <strong>`)
	b.WriteString(html.EscapeString(r.clock.Now().Format("2006-01-02 15:04:05 MST")))
	b.WriteString(`</strong>.</p><dl>`)
	for _, p := range pages {
		fmt.Fprintf(&b, `<dt><a href="%s">%s</a></dt><dd>%s</dd>`, p.path, p.path, html.EscapeString(p.what))
	}
	b.WriteString(`</dl>`)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(b.String()))
}

// showClock tells the shop's time and when something is due next, so that a client knows how far to
// move it.
func (r *Runner) showClock(w http.ResponseWriter, req *http.Request) {
	answer := map[string]any{"now": r.clock.Now()}
	if at, ok := r.nextDue(req.Context()); ok {
		answer["nextDue"] = at
	}
	writeJSON(w, http.StatusOK, answer)
}

// moveClock moves the clock by {"advance":"72h"} or to {"to":"2026-12-24T00:00:00+09:00"}, and
// answers with what happened on the way.
func (r *Runner) moveClock(w http.ResponseWriter, req *http.Request) {
	d, p := r.step(req)
	if p != nil {
		writeJSON(w, p.Status, p)
		return
	}
	happened, err := r.Advance(req.Context(), d)
	if err != nil {
		r.options.Log.Error("advance", "error", err)
		p := problem.New(http.StatusInternalServerError, "clock", "The clock stopped at %s: %s.", r.clock.Now(), err)
		writeJSON(w, p.Status, p)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"now": r.clock.Now(), "happened": happened})
}

// step is how far a request wants to move the clock. Backwards is refused: what has happened cannot
// be undone.
func (r *Runner) step(req *http.Request) (time.Duration, *problem.Problem) {
	var body struct {
		Advance string
		To      time.Time
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, req.Body, 1<<10)).Decode(&body); err != nil {
		return 0, problem.BadRequest("bad_request", `Send {"advance":"72h"} or {"to":"2026-12-24T00:00:00+09:00"}.`)
	}
	d := body.To.Sub(r.clock.Now())
	if body.To.IsZero() {
		var err error
		if d, err = time.ParseDuration(body.Advance); err != nil {
			return 0, problem.InvalidField("/advance", "wrong_format", "a duration such as 90m or 72h")
		}
	}
	if d < 0 || d > longest {
		return 0, problem.InvalidField("/advance", "out_of_range", "forward, and at most five years at once")
	}
	return d, nil
}

// writeJSON writes an answer, as problem+json when it is an error.
func writeJSON(w http.ResponseWriter, status int, v any) {
	kind := "application/json"
	if status >= http.StatusBadRequest {
		kind = "application/problem+json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

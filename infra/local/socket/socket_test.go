package socket_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"dangol/infra/local/socket"
	"dangol/shared/platform/clock"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// happened is an invocation of the function: an authorizer's question or an event of a connection.
type happened struct{ kind, body, connection string }

// api is a WebSocket API whose function answers by the fields of it.
type api struct {
	t       *testing.T
	url     string
	clock   *clock.Movable
	server  *socket.Server
	effect  string                            // of the authorizer: Allow or Deny
	connect int                               // status of $connect
	answer  func(body string) (string, error) // of a frame

	mu     sync.Mutex
	events []happened
	ended  chan string // ids of connections that the function was told the end of
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{t: t, clock: clock.Stopped(noon), effect: "Allow", connect: http.StatusOK, ended: make(chan string, 16),
		answer: func(string) (string, error) { return "", nil }}
	a.server = socket.New(socket.Options{Clock: a.clock, Log: slog.New(slog.DiscardHandler), Function: "chat",
		Invoke: a.invoke})
	web := httptest.NewServer(a.server)
	a.url = web.URL + "/" + socket.Stage
	t.Cleanup(func() {
		a.server.Close()
		web.Close()
	})
	return a
}

// invoke is the function.
func (a *api) invoke(_ context.Context, function string, payload []byte) ([]byte, error) {
	var in struct {
		Type           string
		Body           string
		RequestContext struct {
			ConnectionID, EventType, RouteKey string
			Authorizer                        any
		}
	}
	if err := json.Unmarshal(payload, &in); err != nil || function != "chat" {
		a.t.Errorf("%s is invoked with %s: %v", function, payload, err)
	}
	kind := in.RequestContext.EventType
	if in.Type == "REQUEST" {
		kind = "AUTHORIZE"
	}
	a.mu.Lock()
	a.events = append(a.events, happened{kind, in.Body, in.RequestContext.ConnectionID})
	a.mu.Unlock()
	switch kind {
	case "AUTHORIZE":
		return json.Marshal(map[string]any{
			"policyDocument": map[string]any{"Statement": []any{map[string]any{"Effect": a.effect}}},
			"context":        map[string]any{"conversation": "cnv_1"},
		})
	case "CONNECT":
		return json.Marshal(map[string]any{"statusCode": a.connect})
	case "DISCONNECT":
		a.ended <- in.RequestContext.ConnectionID
		return json.Marshal(map[string]any{"statusCode": 200})
	}
	if asked, _ := in.RequestContext.Authorizer.(map[string]any); asked["conversation"] != "cnv_1" {
		a.t.Errorf("the frame does not know its ticket: %v", in.RequestContext.Authorizer)
	}
	body, err := a.answer(in.Body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"statusCode": 200, "body": body})
}

// kinds are the invocations so far.
func (a *api) kinds() (all []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.events {
		all = append(all, e.kind)
	}
	return all
}

// dial connects with a ticket; the status is that of a refusal.
func (a *api) dial(query string) (c *websocket.Conn, status int) {
	a.t.Helper()
	c, answer, err := websocket.Dial(a.t.Context(), "ws"+strings.TrimPrefix(a.url, "http")+query, nil)
	if err != nil {
		if answer == nil {
			a.t.Fatal(err)
		}
		return nil, answer.StatusCode
	}
	a.t.Cleanup(func() { c.CloseNow() })
	return c, http.StatusSwitchingProtocols
}

// connected is a client and the id of its connection.
func (a *api) connected() (*websocket.Conn, string) {
	a.t.Helper()
	before := a.server.Open()
	c, status := a.dial("?ticket=t1")
	if c == nil {
		a.t.Fatalf("refused with %d", status)
	}
	// The id is known when the connection has had its first answer.
	a.frame(c, "hello")
	for _, id := range a.server.Open() {
		if !slices.Contains(before, id) {
			return c, id
		}
	}
	a.t.Fatal("the connection is not among the open ones")
	return nil, ""
}

// frame sends a frame and returns the answer.
func (a *api) frame(c *websocket.Conn, text string) string {
	a.t.Helper()
	a.mu.Lock()
	if old := a.answer; a.answer != nil {
		a.answer = func(body string) (string, error) {
			if answer, err := old(body); answer != "" || err != nil {
				return answer, err
			}
			return "got " + body, nil
		}
	}
	a.mu.Unlock()
	if err := c.Write(a.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		a.t.Fatal(err)
	}
	return a.read(c)
}

func (a *api) read(c *websocket.Conn) string {
	a.t.Helper()
	_, data, err := c.Read(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	return string(data)
}

// closing reads until the connection is closed, as a browser does all the time: only so the end is a handshake.
func (a *api) closing(c *websocket.Conn) <-chan websocket.StatusCode {
	code := make(chan websocket.StatusCode, 1)
	go func() {
		for {
			if _, _, err := c.Read(a.t.Context()); err != nil {
				code <- websocket.CloseStatus(err)
				return
			}
		}
	}()
	return code
}

// manage calls the management API, signed or not.
func (a *api) manage(method, id, body string, signed bool) (status int, kind, text string) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+"/@connections/"+id, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if signed {
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/x")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("X-Amzn-ErrorType"), string(raw)
}

func TestWhoMayConnect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, query, effect string
		connect, want       int
		invoked             []string
	}{
		{"without a ticket nobody is asked", "", "Allow", 200, 401, nil},
		{"a ticket that the authorizer refuses", "?ticket=t1", "Deny", 200, 403, []string{"AUTHORIZE"}},
		{"a function that refuses the connection", "?ticket=t1", "Allow", 403, 502, []string{"AUTHORIZE", "CONNECT"}},
		{"a good ticket", "?ticket=t1", "Allow", 200, 101, []string{"AUTHORIZE", "CONNECT"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			a.effect, a.connect = c.effect, c.connect
			if _, status := a.dial(c.query); status != c.want {
				t.Errorf("status %d, want %d", status, c.want)
			}
			if got := a.kinds(); !slices.Equal(got, c.invoked) {
				t.Errorf("the function saw %v, want %v", got, c.invoked)
			}
		})
	}
}

func TestAFrameIsAnsweredOnItsConnection(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	first, _ := a.connected()
	second, _ := a.connected()
	if got := a.frame(first, "one"); got != "got one" {
		t.Errorf("first: %q", got)
	}
	if got := a.frame(second, "two"); got != "got two" {
		t.Errorf("second: %q", got)
	}
}

func TestAFunctionThatFailsIsAnsweredAsByAPIGateway(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.answer = func(body string) (string, error) {
		if body == "bad" {
			return "", errors.New("no table")
		}
		return "", nil
	}
	c, id := a.connected()
	got := a.frame(c, "bad")
	if !strings.Contains(got, "Internal server error") || !strings.Contains(got, id) || strings.Contains(got, "no table") {
		t.Errorf("answer %s", got)
	}
	if again := a.frame(c, "good"); again != "got good" {
		t.Errorf("the connection does not go on: %s", again)
	}
}

func TestTheManagementAPI(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c, id := a.connected()
	for _, call := range []struct {
		name, method, id, body string
		signed                 bool
		want                   int
		kind                   string
	}{
		{"a request that is not signed", "POST", id, "x", false, 403, "ForbiddenException"},
		{"a connection that is gone", "POST", "conn_0", "x", true, 410, "GoneException"},
		{"a frame that is too large", "POST", id, strings.Repeat("x", 128<<10+1), true, 413, "PayloadTooLargeException"},
		{"another method", "PUT", id, "x", true, 405, "MethodNotAllowedException"},
		{"what is known of it", "GET", id, "", true, 200, ""},
		{"a frame", "POST", id, `{"news":1}`, true, 200, ""},
	} {
		status, kind, text := a.manage(call.method, call.id, call.body, call.signed)
		if status != call.want || kind != call.kind {
			t.Errorf("%s: %d %s %s", call.name, status, kind, text)
		}
		if call.method == "GET" && !strings.Contains(text, `"connectedAt":"2026-03-01T12:00:00Z"`) {
			t.Errorf("%s: %s", call.name, text)
		}
	}
	// Of all these only the last reached the client.
	if got := a.read(c); got != `{"news":1}` {
		t.Errorf("the client got %q", got)
	}
	closed := a.closing(c)
	if status, _, _ := a.manage("DELETE", id, "", true); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	if code := <-closed; code != websocket.StatusGoingAway {
		t.Errorf("the client is told %v", code)
	}
	if told := <-a.ended; told != id {
		t.Errorf("the function is told of the end of %s", told)
	}
}

func TestAMessageAboveTheLimitClosesTheConnection(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c, id := a.connected()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat("x", 128<<10+1))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("closed with %v", err)
	}
	if told := <-a.ended; told != id {
		t.Errorf("the function is told of the end of %s", told)
	}
}

// Ten minutes without a frame, or two hours in all, on the shop's clock.
func TestConnectionsEndWhenTheyAreIdleOrOld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		live  func(a *api, client *websocket.Conn)
		alive bool
	}{
		{"ten minutes without a frame", func(a *api, _ *websocket.Conn) { a.clock.Advance(10 * time.Minute) }, false},
		{"a frame in between", func(a *api, client *websocket.Conn) {
			a.clock.Advance(9 * time.Minute)
			a.frame(client, "still here")
			a.clock.Advance(9 * time.Minute)
		}, true},
		{"two hours, however busy", func(a *api, client *websocket.Conn) {
			for range 15 {
				a.clock.Advance(8 * time.Minute)
				a.frame(client, "still here")
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			client, id := a.connected()
			c.live(a, client)
			if c.alive {
				a.server.Sweep()
				if got := a.frame(client, "and on"); got != "got and on" {
					t.Errorf("answer %q", got)
				}
				return
			}
			closed := a.closing(client)
			a.server.Sweep()
			if code := <-closed; code != websocket.StatusGoingAway {
				t.Errorf("closed with %v", code)
			}
			if told := <-a.ended; told != id {
				t.Errorf("the function is told of the end of %s", told)
			}
		})
	}
}

func TestACutNetworkEndsAConnectionWithoutAWord(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c, id := a.connected()
	if !a.server.Cut(id) || a.server.Cut("conn_0") {
		t.Error("a connection that is open can be cut, and no other")
	}
	if _, _, err := c.Read(t.Context()); err == nil || websocket.CloseStatus(err) != -1 {
		t.Errorf("the client is told %v", err)
	}
	if told := <-a.ended; told != id {
		t.Errorf("the function is told of the end of %s", told)
	}
	if open := a.server.Open(); len(open) != 0 {
		t.Errorf("still open: %v", open)
	}
}

func TestAServerThatClosesEndsEveryConnectionAndTakesNoMore(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	_, one := a.connected()
	_, two := a.connected()
	if err := a.server.Close(); err != nil {
		t.Error(err)
	}
	ended := []string{<-a.ended, <-a.ended}
	if !slices.Contains(ended, one) || !slices.Contains(ended, two) {
		t.Errorf("the function is told of %v, open were %s and %s", ended, one, two)
	}
	// Who comes later is let in by the function and sent away: it is told of both.
	if c, _ := a.dial("?ticket=t1"); c != nil {
		if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("closed with %v", err)
		}
		<-a.ended
	}
	if open := a.server.Open(); len(open) != 0 {
		t.Errorf("open: %v", open)
	}
}

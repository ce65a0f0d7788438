// Package socket is API Gateway's WebSocket API on a laptop: the same events for the same function, the authorizer of
// $connect, and the management API through which the function sends frames (POST /@connections/{id}).
//
// It keeps API Gateway's limits: a connection exists from the moment $connect has returned, so a frame sent before that
// is answered with 410; a message above 128 KB closes the connection with 1009; so does 10 minutes without a frame, or
// 2 hours in all, on the system's clock.
package socket

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/coder/websocket"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
)

// The limits of API Gateway.
const (
	maxMessage = 128 << 10
	idleLimit  = 10 * time.Minute
	lifeLimit  = 2 * time.Hour
	// atOnce bounds the frames of one connection that are worked on at a time.
	atOnce = 8
)

// Stage is the stage of the API, as the last part of its address.
const Stage = "socket"

// Options are what a server needs.
type Options struct {
	Clock    clock.Clock
	Log      *slog.Logger
	Function string // that serves the API
	Invoke   func(ctx context.Context, function string, payload []byte) ([]byte, error)
}

// Server is the WebSocket API.
type Server struct {
	options Options
	mu      sync.Mutex
	open    map[string]*connection
	closed  bool
	running sync.WaitGroup
}

type connection struct {
	id      string
	socket  *websocket.Conn
	context any // of the authorizer
	source  string
	began   time.Time
	mu      sync.Mutex
	last    time.Time
	cancel  context.CancelFunc
}

// New returns a server without connections.
func New(o Options) *Server { return &Server{options: o, open: map[string]*connection{}} }

// ServeHTTP serves the address of the stage: connections to it, and the management API below it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, rest, ok := strings.Cut(r.URL.Path, "/@connections/"); ok {
		s.manage(w, r, rest)
		return
	}
	s.connect(w, r)
}

// connect lets a client in: authorizer, $connect, and only then the connection itself.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) {
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	now := s.options.Clock.Now()
	c := &connection{id: id.New("conn", now), source: source, began: now, last: now}
	status, err := s.authorize(r, c)
	if status != http.StatusOK {
		if err != nil {
			s.options.Log.Error("socket authorizer", "error", err)
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	if answer, err := s.event(r.Context(), c, "CONNECT", "$connect", ""); err != nil ||
		answer.StatusCode != http.StatusOK {
		http.Error(w, "refused", http.StatusBadGateway)
		return
	}
	c.socket, err = websocket.Accept(w, r,
		&websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		s.disconnected(c)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	if !s.add(c) {
		cancel()
		c.socket.Close(websocket.StatusGoingAway, "shutting down")
		s.disconnected(c) // the function has seen it begin
		return
	}
	defer s.running.Done()
	s.read(ctx, c)
	s.remove(c)
	s.disconnected(c)
}

func (s *Server) add(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	s.open[c.id] = c
	return true
}

func (s *Server) remove(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c.id)
	c.cancel()
}

// authorize asks the function's authorizer. Without the identity source (the ticket) API Gateway answers 401 by itself.
func (s *Server) authorize(r *http.Request, c *connection) (status int, err error) {
	query := map[string]string{}
	for name, values := range r.URL.Query() {
		query[name] = values[0]
	}
	if query["ticket"] == "" {
		return http.StatusUnauthorized, nil
	}
	request := events.APIGatewayCustomAuthorizerRequestTypeRequest{
		Type: "REQUEST", MethodArn: "arn:aws:execute-api:local:000000000000:local/" + Stage + "/$connect",
		QueryStringParameters: query,
	}
	request.RequestContext.Identity.SourceIP = c.source
	payload, err := json.Marshal(request)
	if err != nil {
		return http.StatusInternalServerError, err
	}
	// The library's type has no connection id; API Gateway sends one.
	var whole map[string]any
	if err := json.Unmarshal(payload, &whole); err != nil {
		return http.StatusInternalServerError, err
	}
	whole["requestContext"].(map[string]any)["connectionId"] = c.id
	if payload, err = json.Marshal(whole); err != nil {
		return http.StatusInternalServerError, err
	}
	out, err := s.options.Invoke(r.Context(), s.options.Function, payload)
	if err != nil {
		return http.StatusInternalServerError, err
	}
	var answer events.APIGatewayCustomAuthorizerResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		return http.StatusInternalServerError, err
	}
	for _, statement := range answer.PolicyDocument.Statement {
		if statement.Effect == "Allow" {
			c.context = answer.Context
			return http.StatusOK, nil
		}
	}
	return http.StatusForbidden, nil
}

// event invokes the function for a connection's beginning, end or message.
func (s *Server) event(ctx context.Context, c *connection, kind, route, body string) (events.APIGatewayProxyResponse,
	error) {
	now := s.options.Clock.Now()
	payload, err := json.Marshal(events.APIGatewayWebsocketProxyRequest{
		Body: body,
		RequestContext: events.APIGatewayWebsocketProxyRequestContext{
			ConnectionID: c.id, EventType: kind, RouteKey: route, Stage: Stage, Authorizer: c.context,
			RequestID:   id.New("req", now),
			ConnectedAt: c.began.UnixMilli(), RequestTimeEpoch: now.UnixMilli(), MessageID: id.New("msg", now),
			Identity: events.APIGatewayRequestIdentity{SourceIP: c.source},
		},
	})
	var answer events.APIGatewayProxyResponse
	if err != nil {
		return answer, err
	}
	out, err := s.options.Invoke(ctx, s.options.Function, payload)
	if err != nil {
		return answer, err
	}
	return answer, json.Unmarshal(out, &answer)
}

// read hands every message to the function, some at a time as API Gateway does, and sends back what the route answers.
func (s *Server) read(ctx context.Context, c *connection) {
	c.socket.SetReadLimit(maxMessage)
	slots := make(chan struct{}, atOnce)
	var working sync.WaitGroup
	defer working.Wait()
	for {
		_, data, err := c.socket.Read(ctx)
		if err != nil {
			return
		}
		c.touch(s.options.Clock.Now())
		slots <- struct{}{}
		working.Go(func() {
			defer func() { <-slots }()
			answer, err := s.event(context.WithoutCancel(ctx), c, "MESSAGE", "$default", string(data))
			if err != nil {
				s.options.Log.Error("socket frame", "error", err)
				answer.Body = `{"message":"Internal server error","connectionId":"` + c.id + `"}` // as API Gateway answers
			}
			if answer.Body != "" {
				c.send(ctx, []byte(answer.Body))
			}
		})
	}
}

func (c *connection) touch(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = now
}

// send writes a frame. A client that does not read within seconds loses the connection.
func (c *connection) send(ctx context.Context, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return c.socket.Write(ctx, websocket.MessageText, data)
}

func (s *Server) disconnected(c *connection) {
	if _, err := s.event(context.Background(), c, "DISCONNECT", "$disconnect", ""); err != nil {
		s.options.Log.Warn("socket disconnect", "error", err)
	}
}

// manage is the management API: POST sends a frame, GET tells of a connection, DELETE ends it.
func (s *Server) manage(w http.ResponseWriter, r *http.Request, connectionID string) {
	s.mu.Lock()
	c, ok := s.open[connectionID]
	s.mu.Unlock()
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		refuse(w, http.StatusForbidden, "ForbiddenException")
		return
	}
	if !ok {
		refuse(w, http.StatusGone, "GoneException")
		return
	}
	switch r.Method {
	case http.MethodPost:
		data, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
		if err != nil || len(data) > maxMessage {
			refuse(w, http.StatusRequestEntityTooLarge, "PayloadTooLargeException")
			return
		}
		if err := c.send(r.Context(), data); err != nil {
			refuse(w, http.StatusGone, "GoneException")
			return
		}
		c.touch(s.options.Clock.Now())
	case http.MethodGet:
		json.NewEncoder(w).Encode(map[string]any{"connectedAt": c.began, "identity": map[string]string{"sourceIp": c.source}})
	case http.MethodDelete:
		c.socket.Close(websocket.StatusGoingAway, "")
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowedException")
	}
}

func refuse(w http.ResponseWriter, status int, name string) {
	w.Header().Set("X-Amzn-ErrorType", name)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, `{"message":null}`)
}

// Sweep ends the connections that have been open or idle for too long on the system's clock.
func (s *Server) Sweep() {
	now := s.options.Clock.Now()
	s.mu.Lock()
	var over []*connection
	for _, c := range s.open {
		c.mu.Lock()
		if now.Sub(c.began) >= lifeLimit || now.Sub(c.last) >= idleLimit {
			over = append(over, c)
		}
		c.mu.Unlock()
	}
	s.mu.Unlock()
	for _, c := range over {
		c.socket.Close(websocket.StatusGoingAway, "Going away")
	}
}

// Cut ends a connection without a word, as a lost network does. It reports whether there was one.
func (s *Server) Cut(connectionID string) bool {
	s.mu.Lock()
	c, ok := s.open[connectionID]
	s.mu.Unlock()
	if ok {
		c.socket.CloseNow()
	}
	return ok
}

// Open lists the ids of the open connections.
func (s *Server) Open() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for id := range s.open {
		ids = append(ids, id)
	}
	return ids
}

// Close ends every connection and waits until the function has been told.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	var all []*connection
	for _, c := range s.open {
		all = append(all, c)
	}
	s.mu.Unlock()
	var errs error
	for _, c := range all {
		if err := c.socket.CloseNow(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = errors.Join(errs, err)
		}
	}
	s.running.Wait()
	return errs
}

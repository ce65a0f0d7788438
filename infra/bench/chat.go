package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// listenersEach is how many connections listen to one conversation: as many as it takes (see docs/chat.md).
const listenersEach = 20

// connectsAMinute is how many connections one address may open; the clock is moved between the minutes.
const connectsAMinute = 50

// room is a conversation with its connections. Each notes when the others' messages arrive.
type room struct {
	id    string
	conns []*websocket.Conn
	acks  chan struct{}
	mu    sync.Mutex
	took  []time.Duration
	wrong string // code of a frame that was refused
}

// frame is what the bench reads of a frame.
type frame struct {
	Type    string `json:"type"`
	Code    string `json:"code"`
	Message *struct {
		Text string `json:"text"`
	} `json:"message"`
}

// chatLoad prints how many messages a second go through the local engine with many connections, and how long one takes
// from its sending until another connection has it.
func chatLoad(ctx context.Context, connections int, length time.Duration) error {
	data, err := os.MkdirTemp("", "dangol-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	s, err := launch(ctx, "", data)
	if err != nil {
		return err
	}
	defer s.stop()
	rooms, err := s.rooms(ctx, connections)
	if err != nil {
		return err
	}
	began := time.Now()
	sent, err := exchange(ctx, rooms, length)
	if err != nil {
		return err
	}
	took := time.Since(began)
	var late []time.Duration
	for _, r := range rooms {
		for _, c := range r.conns {
			c.CloseNow()
		}
		r.mu.Lock()
		late = append(late, r.took...)
		r.mu.Unlock()
	}
	if len(late) == 0 {
		return fmt.Errorf("chat: no message has arrived")
	}
	slices.Sort(late)
	fmt.Printf("\n%-12s %14s %12s %12s %10s %10s %10s\n", "connections", "conversations", "messages/s", "frames/s",
		"p50 ms", "p99 ms", "arrived")
	fmt.Printf("%-12d %14d %12.0f %12.0f %10.1f %10.1f %10.3f\n", connections, len(rooms),
		float64(sent)/took.Seconds(), float64(len(late))/took.Seconds(), us(late[len(late)/2])/1000,
		us(late[len(late)*99/100])/1000, float64(len(late))/float64(sent*(listenersEach-1)))
	return nil
}

// rooms opens conversations that wait for a person, so that the bot says nothing, and their connections.
func (s *system) rooms(ctx context.Context, connections int) ([]*room, error) {
	var rooms []*room
	for opened := 0; opened < connections; {
		var token struct {
			Token string `json:"access_token"`
		}
		subject := map[string]any{"sub": "bench-" + strconv.Itoa(len(rooms))}
		if err := fetch(http.MethodPost, s.address+"/dev/token", nil, subject, &token); err != nil {
			return nil, err
		}
		customer := map[string]string{"Authorization": "Bearer " + token.Token}
		var begun struct {
			Conversation struct{ ID string }
		}
		err := fetch(http.MethodPost, s.address+"/chat/conversations", customer,
			map[string]string{"language": "ko", "text": "상담원 연결해 주세요"}, &begun)
		if err != nil {
			return nil, err
		}
		r := &room{id: begun.Conversation.ID, acks: make(chan struct{}, 1)}
		rooms = append(rooms, r)
		for range min(listenersEach, connections-opened) {
			if opened%connectsAMinute == connectsAMinute-1 {
				if err := s.minute(ctx, rooms); err != nil {
					return nil, err
				}
			}
			if err := s.join(ctx, r, customer); err != nil {
				return nil, err
			}
			opened++
		}
	}
	return rooms, nil
}

// minute moves the clock on, and keeps the connections that are open from ending for silence.
func (s *system) minute(ctx context.Context, rooms []*room) error {
	err := fetch(http.MethodPost, s.address+"/dev/clock", nil, map[string]string{"advance": "61s"}, nil)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		for _, c := range r.conns {
			if err := c.Write(ctx, websocket.MessageText, []byte(`{"do":"ping"}`)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *system) join(ctx context.Context, r *room, customer map[string]string) error {
	var ticket struct{ URL string }
	if err := fetch(http.MethodPost, s.address+"/chat/tickets", customer, map[string]string{}, &ticket); err != nil {
		return err
	}
	c, _, err := websocket.Dial(ctx, ticket.URL, nil)
	if err != nil {
		return err
	}
	c.SetReadLimit(64 << 10)
	hello := fmt.Sprintf(`{"do":"hello","conversationId":%q}`, r.id)
	if err := c.Write(ctx, websocket.MessageText, []byte(hello)); err != nil {
		return err
	}
	r.conns = append(r.conns, c)
	welcomed := make(chan struct{})
	go r.listen(ctx, c, welcomed)
	select {
	case <-welcomed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// listen reads a connection until it ends. The text of a message is the time at which it was sent.
func (r *room) listen(ctx context.Context, c *websocket.Conn, welcomed chan struct{}) {
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			return
		}
		var f frame
		if json.Unmarshal(data, &f) != nil {
			continue
		}
		switch f.Type {
		case "welcome":
			close(welcomed)
		case "error":
			r.mu.Lock()
			r.wrong = f.Code
			r.mu.Unlock()
			r.acks <- struct{}{}
		case "ack":
			r.acks <- struct{}{}
		case "message":
			if sent, err := strconv.ParseInt(f.Message.Text, 36, 64); err == nil {
				r.mu.Lock()
				r.took = append(r.took, time.Since(time.Unix(0, sent)))
				r.mu.Unlock()
			}
		}
	}
}

// exchange sends in every room, one message after the other's acknowledgement and each by the next connection, so that
// none comes near its limit of frames.
func exchange(ctx context.Context, rooms []*room, length time.Duration) (sent int, err error) {
	ctx, cancel := context.WithTimeout(ctx, length+30*time.Second)
	defer cancel()
	end := time.Now().Add(length)
	counts, failures := make([]int, len(rooms)), make([]error, len(rooms))
	var all sync.WaitGroup
	for i, r := range rooms {
		all.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				// In letters: a long row of digits may be the number of a card, and be masked.
				text := strconv.FormatInt(time.Now().UnixNano(), 36)
				frame := fmt.Sprintf(`{"do":"send","conversationId":%q,"message":{"clientId":"bench-%d-%d","text":%q}}`, r.id, i,
					n, text)
				if err := r.conns[n%len(r.conns)].Write(ctx, websocket.MessageText, []byte(frame)); err != nil {
					failures[i] = err
					return
				}
				select {
				case <-r.acks:
					counts[i]++
				case <-ctx.Done():
					failures[i] = ctx.Err()
					return
				}
			}
		})
	}
	all.Wait()
	for i := range rooms {
		sent += counts[i]
		if failures[i] == nil && rooms[i].wrong != "" {
			failures[i] = fmt.Errorf("a frame was refused: %s", rooms[i].wrong)
		}
	}
	return sent, errors.Join(failures...)
}

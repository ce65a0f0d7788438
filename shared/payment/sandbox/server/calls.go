package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"dangol/shared/payment/sandbox"
)

// call is a request that moves money, as its handler sees it: it adds to change and returns the outcome.
type call struct {
	change
	key  string
	id   string // of the payment in the path
	base string // public address of the sandbox
	body []byte
	now  time.Time
}

// decode reads the body and reports whether it is JSON of this shape.
func (c *call) decode(into any) bool { return json.Unmarshal(c.body, into) == nil }

// maxBody and maxKey bound a request, in bytes.
const maxBody, maxKey = 64 << 10, 255

// keyed runs an operation at most once for a key and gives later calls the first outcome.
func (s *Server) keyed(name string, do func(*call) outcome) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get(sandbox.KeyHeader)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil || key == "" || len(key) > maxKey {
			refuse(sandbox.CodeInvalid, "a key of at most %d bytes and a body of at most %d are needed", maxKey,
				maxBody).write(w)
			return
		}
		c := &call{key: key, id: r.PathValue("id"), base: s.base(r), body: body}
		answer := s.once(name, r.URL.Path, c, do)
		if answer.hang {
			// Until the client gives up: that is how an answer gets lost.
			<-r.Context().Done()
			return
		}
		// raw is set for stored answers only.
		if answer.raw != nil {
			w.Header().Set(sandbox.ReplayHeader, "true")
		}
		answer.write(w)
	}
}

// once looks the key up and runs the operation, under the lock, so that two requests with one key
// run once.
func (s *Server) once(name, path string, c *call, do func(*call) outcome) outcome {
	// The same key for another operation, path or body is a mistake of the caller.
	sum := sha256.Sum256([]byte(name + "\n" + path + "\n" + string(c.body)))
	print := hex.EncodeToString(sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.cfg.Clock.Now()
	// Outcomes that time alone brings about come first: a repeated request must see them.
	if err := s.settle(c.now); err != nil {
		return broken(err)
	}
	first, known, err := s.outcome(c.key)
	if err != nil {
		return broken(err)
	}
	if known {
		if first.Print != print {
			return refuse(sandbox.CodeKeyReused, "this key was used with other parameters")
		}
		s.counts["replay"]++
		return outcome{status: first.Status, raw: first.Body}
	}
	answer := do(c)
	// A refusal moved nothing, so the key stays free.
	if !answer.keep {
		return answer
	}
	c.Ops = append(c.Ops, operation{Key: c.key, Print: print, Status: answer.status, Body: answer.bytes()})
	if err := s.commit(c.change); err != nil {
		return broken(err)
	}
	s.counts[name]++
	return answer
}

// base is the address that the shopper's browser can reach.
func (s *Server) base(r *http.Request) string {
	if s.cfg.BaseURL != "" {
		return s.cfg.BaseURL
	}
	return "http://" + r.Host
}

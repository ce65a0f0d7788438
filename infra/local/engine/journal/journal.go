// Package journal keeps a set of values in a file of JSON lines, so that what waits in a queue, a bus or a schedule is
// still there when the runner starts again. Each change is one line appended; a line cut short by a kill is ignored.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// compactAfter is how many outdated lines the file may gather before it is written afresh.
const compactAfter = 10_000

// Journal is a set of values by id. Without a file it keeps nothing. It is safe for concurrent use.
type Journal[T any] struct {
	mu    sync.Mutex
	path  string
	file  *os.File
	live  map[string]json.RawMessage
	order []string // ids by first Put; may name deleted ones until the next compaction
	stale int
}

type line struct {
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value,omitempty"` // absent: deleted
}

// Open reads the file at path, creating it when missing, and returns the values in the order they were first put. An
// empty path gives a journal that keeps nothing.
func Open[T any](path string) (*Journal[T], []T, error) {
	j := &Journal[T]{path: path, live: map[string]json.RawMessage{}}
	if path == "" {
		return j, nil, nil
	}
	if err := j.read(); err != nil {
		return nil, nil, fmt.Errorf("journal %s: %w", path, err)
	}
	if err := j.compact(); err != nil {
		return nil, nil, fmt.Errorf("journal %s: %w", path, err)
	}
	values := make([]T, 0, len(j.order))
	for _, id := range j.order {
		var v T
		if err := json.Unmarshal(j.live[id], &v); err != nil {
			return nil, nil, fmt.Errorf("journal %s: value of %s: %w", path, id, err)
		}
		values = append(values, v)
	}
	return j, values, nil
}

func (j *Journal[T]) read() error {
	f, err := os.Open(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		raw, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // whatever stands after the last line end was being written when the runner was killed
		}
		if err != nil {
			return err
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		j.apply(l)
	}
}

func (j *Journal[T]) apply(l line) {
	_, known := j.live[l.ID]
	switch {
	case l.Value == nil:
		delete(j.live, l.ID)
	case known:
		j.live[l.ID] = l.Value
	default:
		j.live[l.ID] = l.Value
		j.order = append(j.order, l.ID)
	}
	if known {
		j.stale++
	}
}

// Put keeps v under id in place of what was there.
func (j *Journal[T]) Put(id string, v T) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return j.write(line{ID: id, Value: raw})
}

// Delete forgets id.
func (j *Journal[T]) Delete(id string) error { return j.write(line{ID: id}) }

func (j *Journal[T]) write(l line) error {
	if j.path == "" {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	raw, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if _, err := j.file.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("journal %s: %w", j.path, err)
	}
	j.apply(l)
	if j.stale > compactAfter && j.stale > len(j.live) {
		return j.compact()
	}
	return nil
}

// compact writes the live values to a file beside and puts it in place, then goes on appending to it.
func (j *Journal[T]) compact() error {
	var out bytes.Buffer
	order := make([]string, 0, len(j.live))
	seen := map[string]bool{}
	for _, id := range j.order {
		value, ok := j.live[id]
		if !ok || seen[id] {
			continue
		}
		seen[id] = true
		order = append(order, id)
		raw, err := json.Marshal(line{ID: id, Value: value})
		if err != nil {
			return err
		}
		out.Write(append(raw, '\n'))
	}
	beside := j.path + ".part"
	if err := os.WriteFile(beside, out.Bytes(), 0o600); err != nil {
		return err
	}
	if err := os.Rename(beside, j.path); err != nil {
		return err
	}
	if j.file != nil {
		j.file.Close()
	}
	file, err := os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	j.file, j.order, j.stale = file, order, 0
	return nil
}

// Close ends writing; the file stays.
func (j *Journal[T]) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}

// Package journal keeps a set of values in a file of JSON lines, so that what waits in a queue, a bus or a schedule is
// still there when the runner starts again. Each change is one line appended; a line cut short by a kill is ignored.
package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// compactAfter is how many outdated lines the file may have before it is written again without
// them.
const compactAfter = 10_000

// Journal is a set of values by id. In memory it keeps where in the file each value is and not the value, so that it
// does not grow with what it holds. Without a file it keeps nothing. It is safe for concurrent use.
type Journal[T any] struct {
	mu    sync.Mutex
	path  string
	file  *os.File
	size  int64           // of the file
	live  map[string]span // where the line of each value is
	order []string        // ids by first Put; may name deleted ones until the next compaction
	stale int
}

// span is a line of the file, its line end included.
type span struct {
	offset int64
	length int
}

// line is a line of the file: the last one of an id counts.
type line struct {
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value,omitempty"` // absent: deleted
}

// Open reads the file at path, creating it when missing, and returns the values in the order they were first put. An
// empty path gives a journal that keeps nothing.
func Open[T any](path string) (*Journal[T], []T, error) {
	j := &Journal[T]{path: path, live: map[string]span{}}
	if path == "" {
		return j, nil, nil
	}
	if err := j.read(); err != nil {
		return nil, nil, fmt.Errorf("journal %s: %w", path, err)
	}
	if err := j.compact(); err != nil {
		return nil, nil, fmt.Errorf("journal %s: %w", path, err)
	}
	// In the order of the first Put, which compact has just made.
	values := make([]T, 0, len(j.order))
	for _, id := range j.order {
		v, _, err := j.get(id)
		if err != nil {
			return nil, nil, fmt.Errorf("journal %s: value of %s: %w", path, id, err)
		}
		values = append(values, v)
	}
	return j, values, nil
}

// read learns from the file where the live values are.
func (j *Journal[T]) read() error {
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	j.file = f
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		raw, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // whatever stands after the last line end was being written when the runner was killed
		}
		// No half line is ever applied.
		if err != nil {
			return err
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		j.apply(l, len(raw))
	}
}

// apply notes a line that follows the last one of the file.
func (j *Journal[T]) apply(l line, length int) {
	_, known := j.live[l.ID]
	if l.Value == nil {
		delete(j.live, l.ID)
	} else {
		// Where the line is, and not what it holds.
		j.live[l.ID] = span{j.size, length}
		if !known {
			j.order = append(j.order, l.ID)
		}
	}
	// The earlier line of the id is outdated.
	if known {
		j.stale++
	}
	j.size += int64(length)
}

// Get reads the value under id back from the file; ok is false when there is none.
func (j *Journal[T]) Get(id string) (v T, ok bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.get(id)
}

// get is Get for a caller who holds the lock.
func (j *Journal[T]) get(id string) (v T, ok bool, err error) {
	raw, ok, err := j.line(id)
	if !ok || err != nil {
		return v, false, err
	}
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return v, false, fmt.Errorf("journal %s: %w", j.path, err)
	}
	return v, true, json.Unmarshal(l.Value, &v)
}

// line reads the line of a value from the file.
func (j *Journal[T]) line(id string) (raw []byte, ok bool, err error) {
	at, ok := j.live[id]
	if !ok {
		return nil, false, nil
	}
	raw = make([]byte, at.length)
	if _, err := j.file.ReadAt(raw, at.offset); err != nil {
		return nil, false, fmt.Errorf("journal %s: %w", j.path, err)
	}
	return raw, true, nil
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

// write appends a line and then applies it: what is in memory is always in the file too.
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
	raw = append(raw, '\n')
	// At the known end: what a failed write has left there is overwritten.
	if _, err := j.file.WriteAt(raw, j.size); err != nil {
		return fmt.Errorf("journal %s: %w", j.path, err)
	}
	j.apply(l, len(raw))
	// Not below the number of live values, or a large set would be written again and again.
	if j.stale > compactAfter && j.stale > len(j.live) {
		return j.compact()
	}
	return nil
}

// compact writes the lines of the live values to a file beside and puts it in place, then goes on appending to it.
func (j *Journal[T]) compact() error {
	beside := j.path + ".part"
	next, err := os.OpenFile(beside, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	order, live, size := make([]string, 0, len(j.live)), make(map[string]span, len(j.live)), int64(0)
	out := bufio.NewWriter(next)
	for _, id := range j.order {
		// Put after a delete adds the id to the order again; its first position counts.
		if _, seen := live[id]; seen {
			continue
		}
		raw, ok, err := j.line(id)
		// The half-written copy stays beside and is overwritten by the next one.
		if err != nil {
			next.Close()
			return err
		}
		if !ok {
			continue
		}
		order, live[id] = append(order, id), span{size, len(raw)}
		size += int64(len(raw))
		if _, err := out.Write(raw); err != nil {
			next.Close()
			return err
		}
	}
	if err := out.Flush(); err != nil {
		next.Close()
		return err
	}
	// A rename is whole or not done, so one of the two files is always good.
	if err := os.Rename(beside, j.path); err != nil {
		next.Close()
		return err
	}
	j.file.Close()
	j.file, j.order, j.live, j.size, j.stale = next, order, live, size, 0
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

package stream

import (
	"fmt"
	"strings"
	"sync"

	"dangol/infra/local/engine/journal"
)

// ended marks a shard that was read to its end. It cannot be a sequence number, which has digits
// only.
const ended = "ended"

// Checkpoints remember the last record that was handled, by stream and shard.
type Checkpoints struct {
	mu   sync.Mutex
	at   map[string]string
	file *journal.Journal[checkpoint]
}

// checkpoint is a line of the file.
type checkpoint struct {
	Shard    string `json:"shard"`
	Sequence string `json:"sequence"`
}

// OpenCheckpoints reads the checkpoints of one mapping from a file, which is made when missing.
func OpenCheckpoints(path string) (*Checkpoints, error) {
	file, values, err := journal.Open[checkpoint](path)
	if err != nil {
		return nil, fmt.Errorf("stream: checkpoints: %w", err)
	}
	c := &Checkpoints{at: map[string]string{}, file: file}
	for _, v := range values {
		c.at[v.Shard] = v.Sequence
	}
	return c, nil
}

// Close ends writing to the file.
func (c *Checkpoints) Close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

// get is the checkpoint of a shard; empty when none of it was read.
func (c *Checkpoints) get(shard string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at[shard]
}

// set stores a checkpoint, unless it is the one there: most polls read nothing.
func (c *Checkpoints) set(shard, sequence string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sequence == "" || c.at[shard] == sequence {
		return nil
	}
	c.at[shard] = sequence
	if c.file == nil {
		return nil
	}
	return c.file.Put(shard, checkpoint{Shard: shard, Sequence: sequence})
}

// Progress is how far a mapping has come in a shard of a table's stream.
type Progress struct{ Table, Shard, Sequence string }

// Progress says for each shard that is being read which record was handled last.
func (r *Reader) Progress() []Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Progress
	for _, s := range r.shards {
		at := r.options.Checkpoints.get(s.key())
		_, resource, _ := strings.Cut(s.stream, ":table/") // arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL
		if table, _, ok := strings.Cut(resource, "/"); ok && at != "" && at != ended {
			all = append(all, Progress{table, s.id, at})
		}
	}
	return all
}

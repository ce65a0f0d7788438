// Package store keeps the FAQ: the entries that merchants edit, the index of each published version, what was shown and
// what helped, and the questions that got no answer.
//
// Items in the table Care: FAQ#ENTRIES/<id> an entry, FAQ/CURRENT which version is published, FAQ#V<n>/PART#<i> its
// index, FAQ#COUNTS/<id> counters, FAQ#MISS#<month>/<id> an unanswered question.
package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/faq"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Store keeps one shop's FAQ. It is safe for concurrent use.
type Store struct {
	Table *table.Table
	Clock clock.Clock

	// The published index stays in memory; see Index.
	mu      sync.Mutex
	index   *faq.Index
	version int
	checked time.Time
}

// Sizes and times.
const (
	partSize  = 300 << 10           // bytes of an index in one item; an item has at most 400 KB
	checkAge  = 5 * time.Second     // how old the published version may be in memory
	keepOld   = 90 * 24 * time.Hour // how long an older version is kept
	missesFor = 180 * 24 * time.Hour
)

// Partitions of what is edited and of what is counted.
const (
	entriesPK = "FAQ#ENTRIES"
	countsPK  = "FAQ#COUNTS"
)

// keyOfCurrent is the key of the item that says which version is published.
var keyOfCurrent = table.Key{PK: "FAQ", SK: "CURRENT"}

// keyOfPart is the key of a part of a version's index.
func keyOfPart(version, n int) table.Key {
	return table.Key{PK: fmt.Sprintf("FAQ#V%d", version), SK: fmt.Sprintf("PART#%03d", n)}
}

// Version is a published version.
type Version struct {
	Version int       `dynamodbav:"version" json:"version"`
	Parts   int       `dynamodbav:"parts" json:"-"`
	Entries int       `dynamodbav:"entries" json:"entries"`
	Bytes   int       `dynamodbav:"bytes" json:"bytes"`
	At      time.Time `dynamodbav:"at" json:"at"`
	By      string    `dynamodbav:"by,omitempty" json:"by,omitempty"`
	Last    int       `dynamodbav:"last" json:"-"` // highest version ever made
}

// versionRecord is the published version as stored.
type versionRecord struct {
	table.Key
	Version
}

// part is a piece of an index, because an item has at most 400 KB.
type part struct {
	table.Key
	Data []byte `dynamodbav:"data"`
	TTL  int64  `dynamodbav:"ttl,omitempty"`
}

// entryRecord is an entry as stored.
type entryRecord struct {
	table.Key
	faq.FAQEntry
	Order     int       `dynamodbav:"order"`
	Version   int       `dynamodbav:"version"`
	UpdatedAt time.Time `dynamodbav:"updatedAt"`
}

// Edited is an entry with the version that an edit must name.
type Edited struct {
	faq.FAQEntry
	Version   int       `json:"version"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Index is the published index. It is read when a version is new to this process: 1 round trip every 5 seconds, and 1
// more for a new version of up to 1,000 entries.
func (s *Store) Index(ctx context.Context) (*faq.Index, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Clock.Now()
	if s.index != nil && now.Sub(s.checked) < checkAge && !now.Before(s.checked) {
		return s.index, nil
	}
	current, err := s.Current(ctx)
	if err != nil {
		return nil, err
	}
	// The check costs one small read; the index is only read when the version is another.
	if s.index == nil || current.Version != s.version {
		index, err := s.load(ctx, current)
		if err != nil {
			return nil, err
		}
		s.index, s.version = index, current.Version
	}
	s.checked = now
	return s.index, nil
}

// Current is the published version; its zero value when none is.
func (s *Store) Current(ctx context.Context) (Version, error) {
	var r versionRecord
	err := s.Table.Get(ctx, keyOfCurrent, &r)
	if errors.Is(err, table.ErrNotFound) {
		return Version{}, nil
	}
	return r.Version, err
}

// load reads the parts of a version and puts them together. 1 round trip.
func (s *Store) load(ctx context.Context, v Version) (*faq.Index, error) {
	if v.Version == 0 {
		// Nothing has been published, so nothing is found.
		return &faq.Index{}, nil
	}
	var keys []table.Key
	for n := range v.Parts {
		keys = append(keys, keyOfPart(v.Version, n))
	}
	found, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	var data []byte
	for _, key := range keys {
		var p part
		item, ok := found[key]
		// A version without one of its parts would answer wrongly, so it is not used.
		if !ok {
			return nil, fmt.Errorf("faq version %d: %s is missing", v.Version, key)
		}
		if err := item.Decode(&p); err != nil {
			return nil, err
		}
		data = append(data, p.Data...)
	}
	return faq.Load(data)
}

// Entries lists the entries as they are edited, in their order. 1 round trip per MB.
func (s *Store) Entries(ctx context.Context) ([]Edited, error) {
	var records []entryRecord
	err := s.Table.All(ctx, table.Query{Where: "#pk = :pk", With: map[string]any{":pk": entriesPK}, Strong: true},
		func(item table.Item) error {
			var r entryRecord
			if err := item.Decode(&r); err != nil {
				return err
			}
			records = append(records, r)
			return nil
		})
	// In the order of the merchant, not of the keys.
	slices.SortStableFunc(records, func(a, b entryRecord) int { return a.Order - b.Order })
	all := make([]Edited, len(records))
	for i, r := range records {
		all[i] = Edited{r.FAQEntry, r.Version, r.UpdatedAt}
	}
	return all, err
}

// nextVersion is the version after the one that was seen. It is a time in milliseconds and not a count, so that an
// entry that is removed and made again, or that an import replaces while it is edited, has no version that it had
// before.
func nextVersion(seen int, now time.Time) int { return max(seen+1, int(now.UnixMilli())) }

// Put writes an entry that is at the version seen; 0 for a new one. 1 round trip. Errors: 412 version_mismatch.
func (s *Store) Put(ctx context.Context, e faq.FAQEntry, seen, order int) (Edited, error) {
	now := s.Clock.Now()
	next := nextVersion(seen, now)
	put := table.Put{If: table.IfNew,
		Item: entryRecord{Key: table.Key{PK: entriesPK, SK: e.ID}, FAQEntry: e, Order: order, Version: next,
			UpdatedAt: now}}
	if seen > 0 {
		put.If, put.With = "#version = :seen", map[string]any{":seen": seen} // nobody else edited it meanwhile
	}
	err := s.Table.Put(ctx, put)
	if _, refused := table.Failed(err); refused {
		return Edited{}, problem.Precondition("version_mismatch", "The entry was changed by someone else; read it again.")
	}
	return Edited{e, next, now}, err
}

// Remove deletes an entry; one that is not there is no error.
func (s *Store) Remove(ctx context.Context, entry string) error {
	// Publishing decides what shoppers see, so an entry may go whatever its version.
	return s.Table.Delete(ctx, table.Delete{Key: table.Key{PK: entriesPK, SK: entry}})
}

// Import writes whole entries over what is there, in their order. Entries that are not in the list stay. 1 round trip
// per 25 entries.
func (s *Store) Import(ctx context.Context, entries []faq.FAQEntry) error {
	there, err := s.Entries(ctx)
	if err != nil {
		return err
	}
	version := map[string]int{}
	for _, e := range there {
		version[e.ID] = e.Version
	}
	items, now := make([]any, len(entries)), s.Clock.Now()
	for i, e := range entries {
		items[i] = entryRecord{
			Key: table.Key{PK: entriesPK, SK: e.ID}, FAQEntry: e, Order: i, Version: nextVersion(version[e.ID], now),
			UpdatedAt: now,
		}
	}
	// An import replaces by intention; the versions rise so that an edit under way is refused.
	return s.Table.BatchPut(ctx, items...)
}

// Publish builds the index of the entries and makes it the one that is searched. Two that publish at once make two
// versions. Round trips: the entries, 2 per part, 3. Errors: faq_publishing when another published meanwhile.
func (s *Store) Publish(ctx context.Context, by string) (Version, error) {
	entries, err := s.Entries(ctx)
	if err != nil {
		return Version{}, err
	}
	plain := make([]faq.FAQEntry, len(entries))
	for i, e := range entries {
		plain[i] = e.FAQEntry
	}
	// After the entries: one that is edited in between is part of the next version.
	before, err := s.Current(ctx)
	if err != nil {
		return Version{}, err
	}
	data := faq.Build(plain)
	v := Version{Entries: len(plain), Bytes: len(data), At: s.Clock.Now(), By: by}
	if v.Version, v.Parts, err = s.writeParts(ctx, data, before.Last+1); err != nil {
		return Version{}, err
	}
	v.Last = v.Version
	if err := s.point(ctx, before, v); err != nil {
		return Version{}, err
	}
	// After the new one is current, so that nobody reads what is about to expire. Versions between the two were begun and
	// not finished, or lost to this one.
	for old := max(before.Version, 1); old < v.Version; old++ {
		if err := s.retire(ctx, old); err != nil {
			return v, err
		}
	}
	return v, nil
}

// abandoned bounds how many versions after the last one may have been begun and not finished.
const abandoned = 20

// writeParts stores an index under the first version from next on that nobody has begun: a publication that died on the
// way leaves its parts, and must not keep every later one from being written. Errors: faq_publishing.
func (s *Store) writeParts(ctx context.Context, data []byte, next int) (version, parts int, err error) {
	for version = next; version < next+abandoned; version++ {
		parts = 0
		for chunk := range slices.Chunk(data, partSize) {
			err = s.Table.Put(ctx, table.Put{
				// no part of another publication is replaced
				Item: part{Key: keyOfPart(version, parts), Data: chunk}, If: table.IfNew,
			})
			if err != nil {
				break
			}
			parts++
		}
		if _, refused := table.Failed(err); !refused {
			return version, parts, err
		}
	}
	return 0, 0, problem.Conflict("faq_publishing", "The FAQ is being published by someone else.")
}

// point makes a version the current one.
func (s *Store) point(ctx context.Context, before, v Version) error {
	put := table.Put{Item: versionRecord{keyOfCurrent, v}, If: table.IfNew}
	if before.Version > 0 {
		put.If, put.With = "#version = :seen", map[string]any{":seen": before.Version} // nobody else published meanwhile
	}
	err := s.Table.Put(ctx, put)
	if _, refused := table.Failed(err); refused {
		return problem.Conflict("faq_publishing", "The FAQ is being published by someone else.")
	}
	return err
}

// retire lets the parts of a version that nobody is to read expire. They were written in their order, so the first that
// is missing is their end, however many the publication had come to. 1 round trip per part, and 1.
func (s *Store) retire(ctx context.Context, version int) error {
	for n := 0; ; n++ {
		_, err := s.Table.Update(ctx, table.Update{
			// Not deleted at once: another process may be reading it.
			Key: keyOfPart(version, n), Do: "SET #ttl = :ttl", If: table.IfExists, // a part that is gone does not come back
			With: map[string]any{":ttl": s.Clock.Now().Add(keepOld).Unix()},
		})
		if _, refused := table.Failed(err); refused {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// counter is what is counted of an entry.
type counter struct {
	table.Key
	Views   int `dynamodbav:"views"`
	Helped  int `dynamodbav:"helped"`
	Refused int `dynamodbav:"refused"`
}

// Count counts that an entry was shown (0), helped (1) or did not (-1). 1 round trip, 1 WCU; a repetition counts again.
func (s *Store) Count(ctx context.Context, entry string, helped int) error {
	name := map[int]string{0: "#views", 1: "#helped", -1: "#refused"}[helped]
	_, err := s.Table.Update(ctx, table.Update{
		// A counter of machines: nothing is read before.
		Key: table.Key{PK: countsPK, SK: entry}, Do: "ADD " + name + " :one", With: map[string]any{":one": 1},
	})
	return err
}

// Use is how an entry is used.
type Use struct {
	Entry     string `json:"entry"`
	Views     int    `json:"views"`
	Helped    int    `json:"helped"`
	NotHelped int    `json:"notHelped"`
}

// Uses lists the counters, the most shown first.
func (s *Store) Uses(ctx context.Context) ([]Use, error) {
	uses := []Use{}
	err := s.Table.All(ctx, table.Query{Where: "#pk = :pk", With: map[string]any{":pk": countsPK}},
		func(item table.Item) error {
			var c counter
			if err := item.Decode(&c); err != nil {
				return err
			}
			uses = append(uses, Use{c.SK, c.Views, c.Helped, c.Refused})
			return nil
		})
	slices.SortStableFunc(uses, func(a, b Use) int { return b.Views - a.Views })
	return uses, err
}

// missRecord is an unanswered question as stored.
type missRecord struct {
	table.Key
	faq.Miss
	TTL int64 `dynamodbav:"ttl"`
}

// missPK is the partition of a month's unanswered questions.
func missPK(at time.Time) string { return "FAQ#MISS#" + at.UTC().Format("2006-01") }

// Unanswered notes a question that got no answer, masked. 1 round trip.
func (s *Store) Unanswered(ctx context.Context, question, language string) error {
	now := s.Clock.Now()
	// Masked, because people write names and numbers into questions.
	question, _ = conversation.Mask(conversation.Clean(question))
	if runes := []rune(question); len(runes) > 200 {
		question = string(runes[:200])
	}
	return s.Table.Put(ctx, table.Put{If: table.IfNew, Item: missRecord{
		Key:  table.Key{PK: missPK(now), SK: id.New("miss", now)},
		Miss: faq.Miss{Question: question, Language: language, At: now}, TTL: now.Add(missesFor).Unix(),
	}})
}

// Misses lists the unanswered questions of a month, at most 1,000, the newest first.
func (s *Store) Misses(ctx context.Context, month time.Time) ([]faq.Miss, error) {
	page, err := s.Table.Query(ctx,
		// Ids sort by time.
		table.Query{Where: "#pk = :pk", With: map[string]any{":pk": missPK(month)}, Backwards: true, Limit: 1000})
	if err != nil {
		return nil, err
	}
	misses := make([]faq.Miss, len(page.Items))
	for i, item := range page.Items {
		var r missRecord
		if err := item.Decode(&r); err != nil {
			return nil, err
		}
		misses[i] = r.Miss
	}
	return misses, nil
}

package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/platform/due"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion/store"
)

// DueSegment is the due kind of segments whose members are to be found among the people who are there already.
const DueSegment = "outreach_segment"

// Segment is a named condition. Whoever meets it is a member; promotions can ask for it by name.
type Segment struct {
	table.Key
	due.Due
	Name      string            `dynamodbav:"name" json:"name"`
	Condition segment.Condition `dynamodbav:"condition" json:"condition"`
	Changed   time.Time         `dynamodbav:"changed" json:"changed"`
	// SaveID is another one with each save, so that work on the people of one is not taken for that of the next.
	SaveID string `dynamodbav:"saveId" json:"-"`
	// Ready: everybody who was there when it was saved has been looked at.
	Ready bool   `dynamodbav:"ready" json:"ready"`
	Shard int    `dynamodbav:"shard" json:"-"`
	After string `dynamodbav:"after,omitempty" json:"-"`
	List  string `dynamodbav:"gsi1pk" json:"-"`
	Place string `dynamodbav:"gsi1sk" json:"-"`
}

// maxSegments is how many a shop may have: each is asked about whenever somebody does something.
const maxSegments = 50

// SaveSegment stores a segment, and lets its members be found. 2 round trips. Errors: 409 too_many_segments.
func (s *Service) SaveSegment(ctx context.Context, name string, condition segment.Condition) (Segment, error) {
	all, err := s.Segments(ctx)
	if err != nil {
		return Segment{}, err
	}
	// Saving one that is there adds none.
	if len(all) >= maxSegments && !slices.ContainsFunc(all, func(other Segment) bool { return other.Name == name }) {
		return Segment{}, problem.Conflict("too_many_segments", "A shop has at most %d segments.", maxSegments)
	}
	now := s.Clock.Now()
	// The work starts after a minute, when no worker has the old segments in memory any more.
	saved := Segment{
		Key: segment.Key(name), Due: due.On(DueSegment, name, now.Add(remembered)), Name: name, Condition: condition,
		Changed: now, SaveID: id.New("seg", now), List: "SEGMENTS", Place: name,
	}
	return saved, s.Table.Put(ctx, table.Put{Item: saved}) // the newest condition counts
}

// Segments reads all segments. 2 round trips.
func (s *Service) Segments(ctx context.Context) ([]Segment, error) {
	listed, err := s.Table.Query(ctx, table.Query{
		// All fit into one page. No limit, because two that are saved at once can be one more than maxSegments.
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": "SEGMENTS"},
	})
	if err != nil || len(listed.Items) == 0 {
		return []Segment{}, err
	}
	keys := make([]table.Key, len(listed.Items))
	for i, item := range listed.Items {
		keys[i] = item.Key()
	}
	items, err := s.Table.BatchGet(ctx, false, keys...)
	if err != nil {
		return nil, err
	}
	all := []Segment{}
	for _, key := range keys {
		var one Segment
		if item, ok := items[key]; ok {
			if err := item.Decode(&one); err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// remembered is how long a worker keeps the segments in memory.
const remembered = time.Minute

// current are the segments as of at most a minute ago.
func (s *Service) current(ctx context.Context) ([]Segment, error) {
	s.segmentsLock.Lock()
	defer s.segmentsLock.Unlock()
	now := s.Clock.Now()
	// A clock that a test has moved back counts as old.
	if !s.segmentsAt.IsZero() && now.Sub(s.segmentsAt) < remembered && !now.Before(s.segmentsAt) {
		return s.segments, nil
	}
	all, err := s.Segments(ctx)
	if err == nil {
		s.segments, s.segmentsAt = all, now
	}
	return all, err
}

// place puts the contact into the segments it is in now, and says when time alone can change that. Customers are told
// to the promotions first: a worker that dies in between tells them again.
func (s *Service) place(ctx context.Context, c *contact.Contact, now time.Time) (next time.Time, err error) {
	all, err := s.current(ctx)
	if err != nil {
		return next, err
	}
	var in []string
	// The list is in the order of the index, so equal memberships are equal lists.
	for _, one := range all {
		if one.Condition.Holds(c.Person, now) {
			in = append(in, one.Name)
		}
		if at := one.Condition.NextChange(c.Person, now); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if err := s.tellCommerce(ctx, c, in); err != nil {
		return next, err
	}
	c.Segments = in
	return next, nil
}

// tellCommerce writes the segments of a customer where promotions find them: when they have changed, when it is known
// only now which customer the person is, and whenever another change has come between. The list that was written for
// the try before was then decided by what is no longer there, and may have replaced that of the other change. 1 round
// trip at most.
func (s *Service) tellCommerce(ctx context.Context, c *contact.Contact, in []string) error {
	known := c.SegmentsOf == c.CustomerID || len(in) == 0 // a customer without an item is in no segment
	if s.Commerce == nil || c.CustomerID == "" || slices.Equal(in, c.Segments) && known && !c.Overtaken {
		return nil
	}
	// Without a condition: it is the whole list, and each change that is stored was written last.
	err := s.Commerce.Put(ctx, table.Put{Item: store.Segments(c.CustomerID, in...)})
	if err == nil {
		c.SegmentsOf = c.CustomerID
	}
	return err
}

// settle puts the contact into its segments and into the due index, and returns the writes of the series that start
// because the person has come into a segment.
func (s *Service) settle(ctx context.Context, c *contact.Contact, now time.Time) ([]table.Write, error) {
	before := c.Segments
	next, err := s.place(ctx, c, now)
	if err != nil {
		return nil, err
	}
	var writes []table.Write
	for _, name := range c.Segments {
		if slices.Contains(before, name) {
			continue
		}
		// Whether they may come in again is for the series to say; coming in is one change of the contact, so it happens
		// once.
		started, err := s.start(ctx, c, s.Library.EnteredFrom(name), sequence.Event{At: now}, now)
		if err != nil {
			return nil, err
		}
		writes = append(writes, started...)
	}
	// The earlier one of consent and segments.
	c.Due = s.nextDue(*c, now)
	if !next.IsZero() && (c.Due.At == 0 || next.UnixMilli() < c.Due.At) {
		c.Due = due.On(DueContact, c.ID, next.Add(time.Millisecond)) // the index keeps whole milliseconds
	}
	return writes, nil
}

// WorkSegment looks at the people who are there already, some at a time.
func (s *Service) WorkSegment(ctx context.Context, job due.Job) error {
	var one Segment
	if err := s.Table.Get(ctx, job.Key, &one); errors.Is(err, table.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	now := s.Clock.Now()
	for range freezeSize {
		// The invocation is about to end; the place is stored.
		if one.Shard >= contact.Shards || ctx.Err() != nil {
			break
		}
		found, shard, after, err := s.ReadContacts(ctx, one.Shard, one.After)
		if err != nil {
			return err
		}
		for _, c := range found {
			// The contact is in already, or out already.
			if one.Condition.Holds(c.Person, now) == slices.Contains(c.Segments, one.Name) {
				continue
			}
			_, err := s.Contacts.ChangeID(ctx, c.ID, now, func(c *contact.Contact) ([]table.Write, bool, error) {
				writes, err := s.settle(ctx, c, now)
				return writes, false, err
			})
			if err := ignoreMissing(err); err != nil {
				return err
			}
		}
		one.Shard, one.After = shard, after
	}
	// Where it stands is stored with the next job.
	one.Due = due.On(DueSegment, one.Name, now.Add(time.Second))
	if one.Shard >= contact.Shards {
		one.Ready, one.Due = true, due.Due{}
	}
	// A context of its own: the place has to be stored although the time is over.
	err := s.Table.Put(context.WithoutCancel(ctx), table.Put{
		Item: one, If: "#saveId = :read", With: map[string]any{":read": one.SaveID}, // not one saved meanwhile
	})
	if _, refused := table.Failed(err); refused {
		return nil
	}
	return err
}

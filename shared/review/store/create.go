package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
)

// AccountLinks is what a review has in common with others: hashes of address, device and payment, "" for what is not
// known.
type AccountLinks struct{ Address, Device, Payment string }

// Screening is what is known of others when a review is written.
type Screening struct {
	Author   Author
	Recent   []time.Time // when the newest reviews of the product were written
	Near     []Candidate // reviews whose text may be nearly the same
	Sharing  map[string][]string
	writable []bucketRef // where this review is noted, for Create
}

// Candidate is a review that shares a bucket with the text.
type Candidate struct {
	ReviewID
	AuthorID string
}

// bucketRef is a bucket and what is noted in it.
type bucketRef struct {
	key     table.Key
	ref     string
	expired bool // what is in the bucket is to be forgotten
}

// stringSet is stored as a set of strings, which an ADD adds to.
type stringSet []string

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (s stringSet) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberSS{Value: s}, nil
}

// Limits of buckets. A bucket that is full takes no more: what is in it is enough to hold whatever comes.
const (
	maxBucket     = 200
	maxCandidates = 40
	recentReviews = 60
)

// bucketKey is the key of a bucket; hash is of what is shared, so the key names nobody.
func bucketKey(kind, hash string) table.Key {
	return table.Key{PK: "BUCKET#" + kind + "#" + hash, SK: "BUCKET"}
}

// bucket is the reviews or accounts that share something. TTL is when it may be forgotten.
type bucket struct {
	Refs []string `dynamodbav:"refs,stringset,omitempty"`
	TTL  int64    `dynamodbav:"ttl,omitempty"`
}

// Screen reads what is known of others for a review: the record of its author, the newest reviews of the product, and
// who shares a bucket. textBuckets are those of its signature. 2 round trips, about 12 RCU.
func (s Store) Screen(ctx context.Context, r *review.Review, textBuckets []string, links AccountLinks) (*Screening,
	error) {
	out := &Screening{Sharing: map[string][]string{}}
	kinds := map[table.Key]string{}
	keys := []table.Key{authorKey(r.AuthorID)}
	note := func(kind, hash, ref string) {
		k := bucketKey(kind, hash)
		kinds[k] = kind
		keys = append(keys, k)
		out.writable = append(out.writable, bucketRef{key: k, ref: ref})
	}
	for _, b := range textBuckets {
		// The author stands in the reference, so that somebody's own reviews are left out without a
		// read.
		note("text", b, strings.Join([]string{r.ProductID, r.ID, r.AuthorID}, "|"))
	}
	// In any order: the buckets are read all at once.
	for kind, hash := range map[string]string{"address": links.Address, "device": links.Device, "payment": links.Payment} {
		if hash != "" {
			note(kind, hash, r.AuthorID)
		}
	}
	items, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	if err := items[authorKey(r.AuthorID)].Decode(&out.Author); err != nil {
		return nil, err
	}
	if err := out.read(items, kinds, r, s.Clock.Now()); err != nil {
		return nil, err
	}
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :reviews)",
		With:  map[string]any{":pk": productPK(r.ProductID), ":reviews": "REVIEW#"}, Backwards: true, Limit: recentReviews,
	})
	if err != nil {
		return nil, err
	}
	for _, item := range page.Items {
		var rec record
		if err := item.Decode(&rec); err != nil {
			return nil, err
		}
		// Imported reviews come by the hundred and would look like a burst.
		if rec.Review.Value.ID != r.ID && rec.Review.Value.Imported == "" {
			out.Recent = append(out.Recent, rec.Review.Value.Written)
		}
	}
	return out, nil
}

// read takes the buckets apart. Full ones are not written to again.
func (out *Screening) read(items map[table.Key]table.Item, kinds map[table.Key]string, r *review.Review,
	now time.Time) error {
	seen := map[ReviewID]bool{}
	// In place, because every element is looked at before it is overwritten.
	writable := out.writable[:0]
	for _, w := range out.writable {
		var b bucket
		if err := items[w.key].Decode(&b); err != nil {
			return err
		}
		if b.TTL != 0 && b.TTL <= now.Unix() {
			b.Refs, w.expired = nil, true // TTL deletes late
		}
		if len(b.Refs) < maxBucket {
			writable = append(writable, w)
		}
		for _, ref := range b.Refs {
			// Buckets of addresses and devices hold authors, not reviews.
			if kinds[w.key] != "text" {
				if ref != r.AuthorID {
					out.Sharing[kinds[w.key]] = append(out.Sharing[kinds[w.key]], ref)
				}
				continue
			}
			part := strings.SplitN(ref, "|", 3)
			// An author who repeats their own words is no campaign.
			if len(part) != 3 || part[2] == r.AuthorID {
				continue
			}
			if c := (ReviewID{part[0], part[1]}); !seen[c] && len(out.Near) < maxCandidates {
				seen[c] = true
				out.Near = append(out.Near, Candidate{c, part[2]})
			}
		}
	}
	out.writable = writable
	return nil
}

// noteBuckets are the writes that note a review in its buckets. They have no condition: a set takes a member once.
func (s Store) noteBuckets(refs []bucketRef) (writes []table.Write) {
	// Renewed with each review, so that a bucket that is in use does not expire.
	until := s.Clock.Now().Add(review.DuplicatesFor).Unix()
	for _, b := range refs {
		do := "SET #ttl = :until ADD #refs :ref"
		// Adding to it would bring back what is to be forgotten. Of two reviews at this moment one may not be noted.
		if b.expired {
			do = "SET #ttl = :until, #refs = :ref"
		}
		writes = append(writes, table.Update{
			Key: b.key, Do: do, With: map[string]any{":until": until, ":ref": stringSet{b.ref}},
		})
	}
	return writes
}

// Exists is the answer for an order line that has a review already.
func Exists(reviewID string) *problem.Problem {
	return problem.Conflict("review_exists", "This order line has a review; edit that one.").With("reviewId", reviewID)
}

// Create stores a new review with everything that goes with it in one transaction: the claim on its order line, the
// summary, the record of its author, its buckets, and e. covered says that discounts covered the order. 1 round trip,
// about 45 WCU. Errors: 409 review_exists.
func (s Store) Create(ctx context.Context, r *review.Review, sc *Screening, covered bool, e Effect) error {
	// The counters of an account are named stars1 to stars5.
	counts := map[string]int{"stars" + string(rune('0'+r.Stars)): 1, "paid": 1}
	if covered {
		counts = map[string]int{"stars" + string(rune('0'+r.Stars)): 1, "covered": 1}
	}
	r.Version = 1
	writes := []table.Write{
		claimLine(r),
		table.Put{Item: authored{authorReviewKey(r.AuthorID, r.ID), r.ProductID, r.ID}, If: table.IfNew},
		addTo(r.AuthorID, counts),
	}
	e.With = append(append(writes, s.noteBuckets(sc.writable)...), e.With...)
	err := s.save(ctx, r, 0, review.Tally{}, e)
	// The claim is the second write: the line has a review already.
	if line, met := table.Met(err, 1); met {
		return Exists(line.Text("reviewId"))
	}
	return err
}

// Revision is what a review said before an edit.
type Revision struct {
	table.Key
	N        int                             `dynamodbav:"n"`
	Content  table.Packed[review.Content]    `dynamodbav:"content"`
	FollowUp *table.Packed[*review.FollowUp] `dynamodbav:"followUp,omitempty"`
	Until    time.Time                       `dynamodbav:"until"` // when it was replaced
}

// Keep is the write that keeps what a review says now as a revision, for the transaction that changes it.
func (s Store) Keep(r *review.Review) table.Put {
	v := Revision{N: r.Edits + 1, Content: table.Packed[review.Content]{Value: r.Content}, Until: s.Clock.Now()}
	v.Key = table.Key{PK: "REVIEW#" + r.ID, SK: "VERSION#" + fmt.Sprintf("%06d", v.N)}
	// A pointer, so that no follow-up is told from an empty one.
	if r.FollowUp != nil {
		v.FollowUp = &table.Packed[*review.FollowUp]{Value: r.FollowUp}
	}
	return table.Put{Item: v, If: table.IfNew}
}

// Revisions lists what a review said before, oldest first. 1 round trip, 0.5 RCU per 4 KB.
func (s Store) Revisions(ctx context.Context, reviewID string) (all []Revision, err error) {
	err = s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :versions)",
		With:  map[string]any{":pk": "REVIEW#" + reviewID, ":versions": "VERSION#"},
	}, func(item table.Item) error {
		var v Revision
		if err := item.Decode(&v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	})
	return all, err
}

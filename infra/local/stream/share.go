package stream

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// remembered is how many answers Share keeps at most: what one reader reads in a round before the next one does.
const remembered = 4

// shared is a client whose readers share what they read.
type shared struct {
	Client
	readers int
	mu      sync.Mutex
	answers []answer // newest last
}

// answer is what stands after an iterator.
type answer struct {
	iterator string
	out      *dynamodbstreams.GetRecordsOutput
	left     int // readers who have not had it
}

// Share returns a client for so many readers of the same tables: records that one has read are not read again for the
// others, and are forgotten when all have had them. The local engine's iterators are made of the position alone, so
// readers at one position have the same; with other databases each reader reads for itself.
func Share(c Client, readers int) Client { return &shared{Client: c, readers: readers} }

// GetRecords returns what another reader found after the iterator, or reads. That nothing is there is asked each time.
func (s *shared) GetRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput,
	options ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	at := aws.ToString(in.ShardIterator)
	if out := s.known(at); out != nil {
		return out, nil
	}
	out, err := s.Client.GetRecords(ctx, in, options...)
	if err == nil && len(out.Records) > 0 {
		s.remember(at, out)
	}
	return out, err
}

// known is the answer for an iterator, nil when there is none.
func (s *shared) known(iterator string) *dynamodbstreams.GetRecordsOutput {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.answers, func(a answer) bool { return a.iterator == iterator })
	if at < 0 {
		return nil
	}
	out := s.answers[at].out
	if s.answers[at].left--; s.answers[at].left == 0 {
		s.answers = slices.Delete(s.answers, at, at+1)
	}
	return out
}

// remember keeps an answer for the other readers, when there are too many in place of the oldest.
func (s *shared) remember(iterator string, out *dynamodbstreams.GetRecordsOutput) {
	if s.readers < 2 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) == remembered {
		s.answers = slices.Delete(s.answers, 0, 1)
	}
	s.answers = append(s.answers, answer{iterator, out, s.readers - 1})
}

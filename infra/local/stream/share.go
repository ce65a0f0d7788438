package stream

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

// remembered is how many answers Share keeps: what one reader reads in a round before the next one does.
const remembered = 4

// shared is a client whose readers share what they read.
type shared struct {
	Client
	mu      sync.Mutex
	answers []answer // newest last
}

// answer is what stands after an iterator.
type answer struct {
	iterator string
	out      *dynamodbstreams.GetRecordsOutput
}

// Share returns a client for several readers of the same tables: records that one has read are not read again for the
// next one. The local engine's iterators are made of the position alone, so readers at one position have the same; with
// other databases each reader reads for itself.
func Share(c Client) Client { return &shared{Client: c} }

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
	for _, a := range s.answers {
		if a.iterator == iterator {
			return a.out
		}
	}
	return nil
}

// remember keeps an answer in place of the oldest.
func (s *shared) remember(iterator string, out *dynamodbstreams.GetRecordsOutput) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers[max(0, len(s.answers)-remembered+1):], answer{iterator, out})
}

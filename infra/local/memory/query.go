package memory

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/table"
)

// pageBytes is about as much as DynamoDB puts into one page.
const pageBytes = 1 << 20

// Query reads a page of a partition, in the order of the sort key.
func (db *DB) Query(_ context.Context, in *dynamodb.QueryInput, _ ...options) (*dynamodb.QueryOutput, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	w := words{in.ExpressionAttributeNames, in.ExpressionAttributeValues}
	if in.FilterExpression != nil {
		return nil, refusedf("no filters here")
	}
	o, x := db.main, (*index)(nil)
	hashName, sortName := table.HashKey, table.SortKey
	if name := aws.ToString(in.IndexName); name != "" {
		if x = db.indexes[name]; x == nil {
			return nil, refusedf("no index %s", name)
		}
		o, hashName, sortName = x.order, x.Hash, x.Sort
	}
	where := aws.ToString(in.KeyConditionExpression)
	hash, err := w.partition(where, hashName)
	if err != nil {
		return nil, err
	}
	walk := &walk{db: db, x: x, words: w, where: where, hash: hashName, sort: sortName, back: in.ScanIndexForward != nil && !*in.ScanIndexForward}
	return walk.page(o[hash], hash, int(aws.ToInt32(in.Limit)), in.ExclusiveStartKey)
}

// partition finds the value that the condition wants of the partition key.
func (w words) partition(where, name string) (string, error) {
	all := tokens(where)
	for i := 0; i+2 < len(all); i++ {
		if w.names[all[i]] == name && all[i+1] == "=" && strings.HasPrefix(all[i+2], ":") {
			if v, ok := sortable(w.values[all[i+2]]); ok {
				return v, nil
			}
		}
	}
	return "", refusedf("key condition %q", where)
}

// walk goes over one partition.
type walk struct {
	words
	db         *DB
	x          *index
	where      string
	hash, sort string
	back       bool
}

func (k *walk) page(all []place, hash string, limit int, after item) (*dynamodb.QueryOutput, error) {
	i, step := 0, 1
	if k.back {
		i, step = len(all)-1, -1
	}
	if after != nil {
		sort, _ := sortable(after[k.sort])
		at, there := slices.BinarySearchFunc(all, place{sort, keyOf(after)}, place.compare)
		switch {
		case k.back:
			i = at - 1
		case there:
			i = at + 1
		default:
			i = at
		}
	}
	out, size := &dynamodb.QueryOutput{}, 0
	begun := false
	for ; i >= 0 && i < len(all); i += step {
		met, err := k.holds(k.where, k.keys(hash, all[i]))
		if err != nil {
			return nil, err
		}
		if !met {
			if begun {
				break // what the condition wants stands together
			}
			continue
		}
		begun = true
		if limit > 0 && len(out.Items) == limit || size > pageBytes {
			out.LastEvaluatedKey = k.mark(out.Items[len(out.Items)-1])
			break
		}
		raw := k.db.items[all[i].key]
		size += len(raw)
		out.Items = append(out.Items, k.project(unpack(raw)))
	}
	out.Count = int32(len(out.Items))
	return out, nil
}

// keys are the attributes that a key condition can speak of.
func (k *walk) keys(hash string, p place) item {
	keys := item{k.hash: &types.AttributeValueMemberS{Value: hash}, k.sort: &types.AttributeValueMemberS{Value: p.sort}}
	if k.x != nil && k.x.SortNumber {
		keys[k.sort] = &types.AttributeValueMemberN{Value: p.sort}
	}
	return keys
}

// project leaves of an item what the index carries.
func (k *walk) project(i item) item {
	if k.x == nil {
		return i
	}
	out := item{}
	for _, name := range append([]string{table.HashKey, table.SortKey, k.hash, k.sort}, k.x.Carries...) {
		if v, ok := i[name]; ok {
			out[name] = v
		}
	}
	return out
}

// mark is where a page ended.
func (k *walk) mark(last item) item {
	out := item{}
	for _, name := range []string{table.HashKey, table.SortKey, k.hash, k.sort} {
		out[name] = last[name]
	}
	return out
}

package memory

import (
	"context"
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/shared/platform/table"
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
	k := &walk{db: db, x: x, hash: hashName, sort: sortName, back: in.ScanIndexForward != nil && !*in.ScanIndexForward}
	all, err := w.within(where, sortName, o[hash])
	if err != nil {
		return nil, err
	}
	return k.page(all, int(aws.ToInt32(in.Limit)), in.ExclusiveStartKey), nil
}

// partition finds the value that the condition wants of the partition key.
func (w words) partition(where, name string) (string, error) {
	all := tokens(where)
	for i := 0; i+2 < len(all); i++ {
		if w.names[all[i]] == name && all[i+1] == "=" {
			return w.bound(where, all[i+2])
		}
	}
	return "", refusedf("key condition %q", where)
}

// bound is a value of a key condition.
func (w words) bound(where, name string) (string, error) {
	v, ok := sortable(w.values[name])
	if !ok {
		return "", refusedf("key condition %q", where)
	}
	return v, nil
}

// within is the part of a partition that the condition on the sort key names, all of it where there is none.
func (w words) within(where, name string, all []place) ([]place, error) {
	t := tokens(where)
	i := slices.IndexFunc(t, func(word string) bool { return w.names[word] == name })
	if i < 0 {
		return all, nil
	}
	t = append(t[i+1:len(t):len(t)], "", "", "", "")
	first, err := w.bound(where, t[1])
	if err != nil {
		return nil, err
	}
	// from and to are where the values begin that are not below, and that are above, a bound.
	from := func(v string) int { return sort.Search(len(all), func(i int) bool { return all[i].sort >= v }) }
	to := func(v string) int { return sort.Search(len(all), func(i int) bool { return all[i].sort > v }) }
	switch t[0] {
	case "=":
		return all[from(first):to(first)], nil
	case "<":
		return all[:from(first)], nil
	case "<=":
		return all[:to(first)], nil
	case ">":
		return all[to(first):], nil
	case ">=":
		return all[from(first):], nil
	case "BETWEEN":
		last, err := w.bound(where, t[3])
		return all[from(first):max(from(first), to(last))], err
	case ",":
		begin := from(first)
		n := slices.IndexFunc(all[begin:], func(p place) bool { return !strings.HasPrefix(p.sort, first) })
		if n < 0 {
			return all[begin:], nil
		}
		return all[begin : begin+n], nil
	}
	return nil, refusedf("key condition %q", where)
}

// walk goes over what a query names.
type walk struct {
	db         *DB
	x          *index
	hash, sort string
	back       bool
}

func (k *walk) page(all []place, limit int, after item) *dynamodb.QueryOutput {
	if after != nil {
		all = k.beyond(all, after)
	}
	out, size := &dynamodb.QueryOutput{}, 0
	for i := range all {
		if limit > 0 && len(out.Items) == limit || size > pageBytes {
			out.LastEvaluatedKey = k.mark(out.Items[len(out.Items)-1])
			break
		}
		p := all[i]
		if k.back {
			p = all[len(all)-1-i]
		}
		raw := k.db.items[p.key]
		size += len(raw)
		out.Items = append(out.Items, k.carried(raw))
	}
	out.Count = int32(len(out.Items))
	return out
}

// beyond is what comes after the end of the last page.
func (k *walk) beyond(all []place, last item) []place {
	value, _ := sortable(last[k.sort])
	at, there := slices.BinarySearchFunc(all, place{value, keyOf(last)}, place.compare)
	switch {
	case k.back:
		return all[:at]
	case there:
		at++
	}
	return all[at:]
}

// carried reads what the index carries of an item, all of it where there is no index.
func (k *walk) carried(raw []byte) item {
	if k.x == nil {
		return unpack(raw)
	}
	return unpackOnly(raw, append([]string{table.HashKey, table.SortKey, k.hash, k.sort}, k.x.Projected...))
}

// mark is where a page ended.
func (k *walk) mark(last item) item {
	out := item{}
	for _, name := range []string{table.HashKey, table.SortKey, k.hash, k.sort} {
		out[name] = last[name]
	}
	return out
}

package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Count adds to the counters of an item. It has no condition, because whoever counts keeps in the same transaction a
// record of having counted. Several counts of one item in one transaction become one: DynamoDB refuses a transaction
// that holds two writes of one item.
type Count struct {
	Key Key
	Set map[string]any // attributes that are the same each time: expiry, name
	Add map[string]int // counters by name; letters, digits and underscores
}

// update is the write that the count stands for. Names are sorted, so that a repetition under the same token is the
// same request.
func (c Count) update() Update {
	with := map[string]any{}
	// clause makes one clause of the update, and notes its values.
	clause := func(verb, sign string, names []string, value func(string) any) string {
		if len(names) == 0 {
			return ""
		}
		parts := make([]string, len(names))
		for i, name := range names {
			parts[i] = fmt.Sprintf("#%s%s:%s", name, sign, name)
			with[":"+name] = value(name)
		}
		return verb + " " + strings.Join(parts, ", ") + " "
	}
	do := clause("SET", " = ", slices.Sorted(maps.Keys(c.Set)), func(name string) any { return c.Set[name] }) +
		clause("ADD", " ", slices.Sorted(maps.Keys(c.Add)), func(name string) any { return c.Add[name] })
	return Update{Key: c.Key, Do: strings.TrimSpace(do), With: with}
}

// write implements Write.
func (c Count) write(table string) (types.TransactWriteItem, error) { return c.update().write(table) }

// joined joins the counts of one item. place says for each of the writes where it is in the result, so that the reasons
// of a refusal can be given in the caller's order.
func joined(writes []Write) (out []Write, place []int) {
	at := map[Key]int{}
	for _, w := range writes {
		count, ok := w.(Count)
		// The place is remembered for both, see Canceled.at.
		if i, known := at[count.Key]; ok && known {
			out[i] = out[i].(Count).plus(count)
			place = append(place, i)
			continue
		}
		if ok {
			at[count.Key] = len(out)
		}
		place = append(place, len(out))
		out = append(out, w)
	}
	return out, place
}

// plus is two counts of one item as one. What the later one sets is newer.
func (c Count) plus(later Count) Count {
	sum := Count{Key: c.Key, Set: map[string]any{}, Add: map[string]int{}}
	maps.Copy(sum.Set, c.Set)
	maps.Copy(sum.Set, later.Set)
	for _, add := range []map[string]int{c.Add, later.Add} {
		for name, n := range add {
			sum.Add[name] += n
		}
	}
	return sum
}

// distinct refuses two writes of one item and names the item, which DynamoDB's own answer does not.
func distinct(items []types.TransactWriteItem) error {
	seen := map[Key]bool{}
	for _, w := range items {
		key := itemOf(w).Key()
		if seen[key] {
			return fmt.Errorf("transact: two writes of one item, %s", key)
		}
		seen[key] = true
	}
	return nil
}

// itemOf holds the key of the item that a write concerns.
func itemOf(w types.TransactWriteItem) Item {
	switch {
	case w.Put != nil:
		return w.Put.Item
	case w.Update != nil:
		return w.Update.Key
	case w.Delete != nil:
		return w.Delete.Key
	default:
		return w.ConditionCheck.Key
	}
}

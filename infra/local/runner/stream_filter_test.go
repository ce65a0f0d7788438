package runner

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dangol/functions/relay"
)

// TestTheRunnerFiltersChangesAsTheDeployedMappingDoes is the table of the test of the synthesized mapping.
func TestTheRunnerFiltersChangesAsTheDeployedMappingDoes(t *testing.T) {
	t.Parallel()
	type image = map[string]types.AttributeValue
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	number := func(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }
	units := func(n string) image { return image{"available": number(n)} }
	filter := wanted(relay.Spec().Stream)
	for _, tt := range []struct {
		name, pk, sk  string
		before, after image
		want          bool
	}{
		{"an event", "ORDER#1", "ORDER", nil, image{"event": &types.AttributeValueMemberM{
			Value: image{"id": text("evt_1")}}}, true},
		{"no event", "ORDER#1", "ORDER", nil, image{"total": number("1")}, false},
		{"plenty sold to plenty", "STOCK#v", "BUCKET#00", units("40"), units("39"), false},
		{"51 is not 5", "STOCK#v", "BUCKET#00", units("52"), units("51"), false},
		{"down to five", "STOCK#v", "BUCKET#00", units("6"), units("5"), true},
		{"up from five", "STOCK#v", "BUCKET#00", units("5"), units("60"), true},
		{"below zero", "STOCK#v", "BUCKET#00", units("-7"), units("-12"), true},
		{"watched, though there is plenty", "STOCK#v", "BUCKET#00", units("40"),
			image{"available": number("39"), "watch": number("11")}, true},
		{"another item of the variant", "STOCK#v", "LOG#1", units("1"), units("0"), false},
		{"a number of that name elsewhere", "CREDIT#1", "BUCKET#00", units("1"), units("0"), false},
		{"a text of that name", "STOCK#v", "BUCKET#00", nil, image{"available": text("0")}, false},
	} {
		got := filter(types.Record{Dynamodb: &types.StreamRecord{
			Keys: image{"pk": text(tt.pk), "sk": text(tt.sk)}, OldImage: tt.before, NewImage: tt.after,
		}})
		if got != tt.want {
			t.Errorf("%s: invokes relay %v, want %v", tt.name, got, tt.want)
		}
	}
}

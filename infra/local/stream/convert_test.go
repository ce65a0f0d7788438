package stream_test

import (
	"slices"
	"testing"

	"dangol/infra/local/stream"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestRecordsKeepEveryKindOfValue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var record events.DynamoDBEventRecord
	b.react = func(_ []string, records []events.DynamoDBEventRecord) (any, error) {
		record = records[0]
		return nil, nil
	}
	if _, err := b.db.PutItem(t.Context(),
		&dynamodb.PutItemInput{TableName: &b.table, Item: map[string]types.AttributeValue{
			"pk":   &types.AttributeValueMemberS{Value: "단골 😀"},
			"n":    &types.AttributeValueMemberN{Value: "12345678901234567890"},
			"b":    &types.AttributeValueMemberB{Value: []byte{0, 255, 1}},
			"yes":  &types.AttributeValueMemberBOOL{Value: true},
			"null": &types.AttributeValueMemberNULL{Value: true},
			"ss":   &types.AttributeValueMemberSS{Value: []string{"x", "y"}},
			"ns":   &types.AttributeValueMemberNS{Value: []string{"1", "2"}},
			"bs":   &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}},
			"m": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
				"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{
					&types.AttributeValueMemberB{Value: []byte("deep")}, &types.AttributeValueMemberM{},
				}},
			}},
		}}); err != nil {
		t.Fatal(err)
	}
	b.poll(b.reader(stream.Mapping{}, nil))
	image := record.Change.NewImage
	if record.EventName != "INSERT" || record.Change.OldImage != nil ||
		record.Change.StreamViewType != "NEW_AND_OLD_IMAGES" {
		t.Errorf("record %+v", record)
	}
	if image["pk"].String() != "단골 😀" || image["n"].Number() != "12345678901234567890" ||
		!image["yes"].Boolean() || !image["null"].IsNull() {
		t.Errorf("scalars: %v", image)
	}
	if !slices.Equal(image["b"].Binary(), []byte{0, 255, 1}) || string(image["bs"].BinarySet()[1]) != "\x02" {
		t.Errorf("binary: %v %v", image["b"].Binary(), image["bs"].BinarySet())
	}
	if !slices.Equal(image["ss"].StringSet(), []string{"x", "y"}) ||
		!slices.Equal(image["ns"].NumberSet(), []string{"1", "2"}) {
		t.Errorf("sets: %v", image)
	}
	list := image["m"].Map()["list"].List()
	if string(list[0].Binary()) != "deep" || len(list[1].Map()) != 0 {
		t.Errorf("nested: %v", list)
	}
}

package faq_test

import (
	"testing"
	"time"

	"dangol/shared/faq"
)

func TestUnansweredQuestionsAreGrouped(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)
	groups := faq.Grouped([]faq.Miss{
		{Question: "주차장이 있나요?", Language: "ko", At: at},
		{Question: "do you sell dog food", Language: "en", At: at},
		{Question: "매장 주차장 있나요", Language: "ko", At: at.Add(time.Hour)},
		{Question: "주차장은 어디예요", Language: "ko", At: at},
		{Question: "dog food for sale?", Language: "en", At: at},
		{Question: "", Language: "ko", At: at},
	})
	if len(groups) != 3 || groups[0].Count != 3 || groups[0].Question != "주차장이 있나요?" ||
		!groups[0].LastAt.Equal(at.Add(time.Hour)) ||
		groups[1].Count != 2 || len(groups[0].Examples) != 3 {
		t.Errorf("%+v", groups)
	}
}

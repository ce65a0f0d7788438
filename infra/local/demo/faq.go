package demo

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"dangol/shared/faq/example"
)

// canned are answers that agents reuse.
var canned = map[string]string{
	"hello":  `{"title":"인사","language":"ko","text":"안녕하세요 {name}님, {agent}입니다. 무엇을 도와드릴까요?"}`,
	"moment": `{"title":"잠시만요","language":"ko","text":"확인해 볼게요. 잠시만 기다려 주세요."}`,
	"thanks": `{"title":"Thanks","language":"en","text":"Thank you for writing, {name}. Is there anything else?"}`,
}

// faq publishes the demo FAQ and writes the canned answers.
func (s shop) faq(ctx context.Context, _ time.Time) error {
	entries, err := json.Marshal(map[string]any{"entries": example.Entries()})
	if err != nil {
		return err
	}
	if err := s.call(ctx, http.MethodPut, "/faq/entries", "application/json", entries, nil); err != nil {
		return err
	}
	for id, body := range canned {
		if err := s.call(ctx, http.MethodPut, "/chat/canned/"+id, "application/json", []byte(body), nil); err != nil {
			return err
		}
	}
	return s.call(ctx, http.MethodPost, "/faq/publish", "", nil, nil)
}

package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

//go:embed reviews-ko.csv
var reviewsKo string

//go:embed reviews-en.csv
var reviewsEn string

// reviews brings the reviews of the brand's former shop along, and offers a coupon for new ones.
func (s shop) reviews(ctx context.Context, now time.Time) error {
	today := now.Format(time.DateOnly)
	for language, file := range map[string]string{"ko": reviewsKo, "en": reviewsEn} {
		var report struct {
			Errors []json.RawMessage `json:"errors"`
		}
		if err := s.call(ctx, http.MethodPost, "/admin/reviews/import?language="+language, "text/csv", []byte(file),
			&report); err != nil {
			return err
		}
		if len(report.Errors) > 0 {
			return fmt.Errorf("reviews: %s", report.Errors)
		}
	}
	coupon := fmt.Sprintf(`{"name":{"ko":"리뷰 감사 쿠폰","en":"Thank you for your review"},"kind":"fixed_amount","starts":"%sT00:00",`+
		`"targets":{"all":true},"terms":{"amount":{"KRW":1000}}}`, today)
	var made struct{ ID string }
	if err := s.call(ctx, http.MethodPost, "/promotions", "application/json", []byte(coupon), &made); err != nil {
		return err
	}
	promotion := "/promotions/" + made.ID
	if err := s.call(ctx, http.MethodPost, promotion+"/codes", "application/json", []byte(`{"size":1000,"prefix":"THX"}`),
		nil); err != nil {
		return err
	}
	if err := s.call(ctx, http.MethodPost, promotion+"/publish", "application/json", []byte(`{}`), nil); err != nil {
		return err
	}
	offer := fmt.Sprintf(`{"minLetters":30,"text":1000,"photo":1000,"budget":300000,"promotions":{"review":%q,"photo_review":%q}}`, made.ID, made.ID)
	return s.call(ctx, http.MethodPut, "/admin/review-rewards", "application/json", []byte(offer), nil)
}

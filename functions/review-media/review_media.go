// Package reviewmedia is the function for the photos and videos of reviews. It gives out addresses to upload to, checks
// what was uploaded, encodes photos anew (so that nothing but their pixels survives), makes thumbnails, blanks the
// metadata of videos, and shows the outcome with the review. It is apart from the function reviews because it needs
// memory for pictures and is the only one that may touch the media bucket.
//
// It changes the items of package review/store in the table Care, reads orders in Commerce, and reads and writes the
// bucket: uploads/<review>/<media> (what was uploaded; deleted after an hour at the latest by the bucket's rule) and
// public/reviews/<media>/ (what is shown). It publishes no events of its own.
//
// Routes: POST media, POST media/{mediaId}/complete and DELETE media/{mediaId} of a review, for its author. Events:
// review.unpublished, to delete the files of a review that its author has deleted, and review.media_rejected, to delete
// those of a photo or video that a moderator does not show.
package reviewmedia

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/problemtext"
	"dangol/shared/review/store"
)

// Media is the function with what it needs.
type Media struct {
	Store  store.Store
	Orders order.Store
	Clock  clock.Clock
	Bucket Bucket
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "review-media", Purpose: "Photos and videos of reviews: uploads, checks, encoding, thumbnails",
		// Lambda gives a whole processor from 1,769 MB on; a picture is decoded and encoded within
		// one call.
		New: New, API: API(), Memory: 1769, Timeout: 29 * time.Second,
		Environment: slices.Concat(api.Variables(), []string{"CARE_TABLE", "COMMERCE_TABLE", "MEDIA_BUCKET"}),
		Tables: []function.Grant{
			{Table: table.Care.Name, Actions: []string{"GetItem", "PutItem", "UpdateItem"}}, // UpdateItem: the summary
			{Table: table.Commerce.Name, Actions: []string{"GetItem", "BatchGetItem"}},
		},
		Events:      (*Media)(nil).Consumers().Types(),
		Permissions: []function.Permission{function.StoreMedia},
	}
}

// New builds the function. Environment: CARE_TABLE, COMMERCE_TABLE, MEDIA_BUCKET, and what api.FromEnv names.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	options, err := api.FromEnv(ctx, env)
	if err != nil {
		return nil, err
	}
	options.Message = problemtext.For
	var config struct {
		Bucket string `env:"MEDIA_BUCKET"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	tables, err := env.Tables(ctx, "CARE_TABLE", "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(env.AWS(), func(o *s3.Options) {
		o.BaseEndpoint = env.Endpoint("S3")
		// Stand-ins of S3 have no host name for each bucket.
		o.UsePathStyle = o.BaseEndpoint != nil
		// A browser that uploads cannot compute the SDK's checksums.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	f := With(tables[0], tables[1], env.Clock,
		Bucket{Client: client, Presign: s3.NewPresignClient(client), Name: config.Bucket})
	return function.Handlers{API: f.Service(options).Lambda(), Events: f.Consumers(), Log: env.Log}.Lambda(), nil
}

// With returns the function over its tables and bucket.
func With(care, commerce *table.Table, c clock.Clock, b Bucket) *Media {
	return &Media{
		Store: store.Store{Table: care, Clock: c}, Orders: order.Store{Table: commerce, Clock: c}, Clock: c, Bucket: b,
	}
}

// Consumers are the events that the function consumes.
func (f *Media) Consumers() function.Consumers {
	return function.Consumers{function.On(f.unpublished), function.On(f.rejected)}
}

// API describes the function's routes; it cannot serve them.
func API() *api.Service { return (*Media)(nil).Service(api.Options{}) }

// Service is the function's HTTP side.
func (f *Media) Service(o api.Options) *api.Service {
	s := api.New("review-media", o)
	const media = "/products/{id}/reviews/{reviewId}/media"
	route := func(method, path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: path, ID: id, Summary: summary, Tag: "Reviews", Access: api.Shopper,
			Errors: append([]int{404, 422, 503}, errors...),
		}
	}
	add := route("POST", media, "addReviewMedia", "Ask for an address to upload a photo or video to", 409)
	add.Status = 201
	add.Description = "At most 5 photos (JPEG, PNG, WebP; 10 MB, 40 megapixels) and one video (MP4, QuickTime; 50 MB). " +
		// The limits are those of package picture and of shared/review.
		"Send the file to upload.url with " +
		"the headers given, then call complete."
	api.Handle(s, add, f.add)
	done := route("POST", media+"/{mediaId}/complete", "completeReviewMedia",
		"Check an upload and show it with the review", 409)
	done.Description = "A photo is encoded anew, without the place it was taken at. What is not what it says is " +
		"refused with 422 and deleted."
	api.Handle(s, done, f.complete)
	api.Handle(s, route("DELETE", media+"/{mediaId}", "removeReviewMedia",
		"Remove a photo or video from one's own review"), f.remove)
	return s
}

package server

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/loadtrace/loadtrace/internal/demotarget/authv1"
	"github.com/loadtrace/loadtrace/internal/demotarget/service"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// auth is auth.v1.Auth over the service.
type auth struct {
	authv1.UnimplementedAuthServer
	service *service.Service
}

func (a auth) Validate(ctx context.Context, r *authv1.ValidateRequest) (*authv1.ValidateResponse, error) {
	claims, err := a.service.Validate(ctx, time.Now(), r.GetToken())
	if err != nil {
		return nil, statusOf(err)
	}
	return accepted(claims), nil
}

func (a auth) ValidateStream(stream grpc.BidiStreamingServer[authv1.ValidateRequest, authv1.ValidateStreamResponse]) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer, err := a.answer(stream.Context(), request)
		if err != nil {
			return err
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

// answer is the stream's answer to one message. An error ends the stream.
func (a auth) answer(ctx context.Context, r *authv1.ValidateRequest) (*authv1.ValidateStreamResponse, error) {
	claims, err := a.service.Validate(ctx, time.Now(), r.GetToken())
	if err == nil {
		return &authv1.ValidateStreamResponse{
			Answer: &authv1.ValidateStreamResponse_Accepted{Accepted: accepted(claims)},
		}, nil
	}
	reason := reasonOf(err)
	if reason == authv1.Reason_REASON_UNSPECIFIED {
		return nil, statusOf(err)
	}
	return &authv1.ValidateStreamResponse{
		Answer: &authv1.ValidateStreamResponse_Refused{
			Refused: &authv1.Refusal{Reason: reason, Message: err.Error()},
		},
	}, nil
}

func accepted(c token.Claims) *authv1.ValidateResponse {
	return &authv1.ValidateResponse{
		Subject:   c.Subject,
		Scopes:    c.Scopes,
		ExpiresAt: timestamppb.New(c.ExpiresAt),
	}
}

// reasonOf is unspecified for an error that is not about the token or the store.
func reasonOf(err error) authv1.Reason {
	switch {
	case errors.Is(err, service.ErrMissing):
		return authv1.Reason_REASON_MISSING
	case errors.Is(err, service.ErrUnknown):
		return authv1.Reason_REASON_UNKNOWN
	case errors.Is(err, service.ErrExpired):
		return authv1.Reason_REASON_EXPIRED
	case errors.Is(err, service.ErrUnavailable):
		return authv1.Reason_REASON_UNAVAILABLE
	default:
		return authv1.Reason_REASON_UNSPECIFIED
	}
}

func statusOf(err error) error {
	switch reasonOf(err) {
	case authv1.Reason_REASON_MISSING, authv1.Reason_REASON_UNKNOWN, authv1.Reason_REASON_EXPIRED:
		return status.Error(codes.Unauthenticated, err.Error())
	case authv1.Reason_REASON_UNAVAILABLE:
		return status.Error(codes.Unavailable, err.Error())
	default:
		return status.FromContextError(err).Err()
	}
}

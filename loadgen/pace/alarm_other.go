//go:build !linux

package pace

import "time"

// alarm is a sleep that ends when it should: elsewhere, the runtime's own.
type alarm struct{}

func newAlarm() *alarm { return &alarm{} }

func (*alarm) sleep(d time.Duration) { time.Sleep(d) }

func (*alarm) close() {}

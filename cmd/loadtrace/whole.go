//go:build full

package main

const whole = true

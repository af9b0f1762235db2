// Package uplot hands out the JavaScript and the style sheet of uPlot, a library that
// draws charts on a canvas. They are embedded in vegeta's module, so the report needs
// neither npm nor a copied file. uPlot is under the MIT licence, by Leon Sorokin.
package uplot

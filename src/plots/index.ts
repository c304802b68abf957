/** Learning curves, statistics and tables of runs: reads metrics files only, and knows no agent. */
export { type Aggregate, aggregate, type Member } from "./aggregate.ts";
export { type Chart, type ChartLine, type LineRole, lastStepOf, rangeOf } from "./chart.ts";
export {
  type Comparison,
  type ComparisonOptions,
  type ComparisonReport,
  compareRuns,
  type Improvement,
  intervalText,
  type Side,
  type SideSummary,
} from "./comparison.ts";
export { type Curve, curveOf, GrowingCurve, indexAt, valueAt } from "./curve.ts";
export { stepsText, ticks, valueText, wholeText } from "./numberText.ts";
export { pageStyle, seriesPair } from "./pageStyle.ts";
export { faded, seriesColour, type Theme, type ThemeName, themes } from "./palette.ts";
export {
  escapeHtml,
  lineStyle,
  type PlotlyColours,
  type PlotlyFigure,
  plotlyColours,
  plotlyFigure,
} from "./plotlyFigure.ts";
export { plotlyText } from "./plotlyText.ts";
export { pngPicture } from "./pngPicture.ts";
export { curveNames, finalReturn, groupText, type ReportOptions, type ReportSection, reportOf } from "./report.ts";
export { type ReportPageParts, reportPage } from "./reportPage.ts";
export {
  type Evaluation,
  evaluationCurve,
  LineReader,
  RunCurves,
  type RunResult,
  returnCurve,
  speedCurve,
} from "./runCurves.ts";
export { groupRuns, type PlottedRun, type RunGroup } from "./runGroups.ts";
export {
  describeRun,
  type FoundRuns,
  findRuns,
  type RunDescription,
  RunReader,
  type RunStatus,
  readRuns,
} from "./runReader.ts";
export {
  type BootstrapOptions,
  bootstrapInterval,
  type Interval,
  iqm,
  iqmOfScores,
  mean,
  median,
  probabilityOfImprovement,
  type Scores,
  smooth,
  usualWindow,
} from "./statistics.ts";
export { svgPicture } from "./svgPicture.ts";
export { type SweepAxis, type SweepReportParts, type SweepTrial, sweepReport } from "./sweepReport.ts";
export { type TerminalOptions, terminalChart } from "./terminalChart.ts";
export { thinned } from "./thinning.ts";

import type { ReasonProof } from '../../model/proof.ts'
import type { Told } from '../gateway.ts'
import { bytes, count, percent } from '../words.ts'
import { Bar } from './bar.tsx'
import { Card } from './card.tsx'
import { Scroll } from './scroll.tsx'

const COLUMNS = ['Reason', 'Accuracy', 'Hit', 'Late', 'Wasted', 'Bytes wasted']

export function Reasons({ told: { status } }: { readonly told: Told }) {
  const reasons = [...(status?.learned?.proof.byReason ?? [])].sort((one, other) => other.hit - one.hit)
  return (
    <Card span={6} title="Accuracy by reason" note="Settled warms: read in time, too late, or not at all.">
      {reasons.length === 0 ? (
        <p class="empty">Nothing has been settled yet.</p>
      ) : (
        <Scroll wide name="Reasons">
          <table class="reasons">
            <thead>
              <tr>
                {COLUMNS.map((name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {reasons.map((one) => (
                <Reason key={one.reason} {...one} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Card>
  )
}

const Reason = ({ reason, accuracy, hit, late, wasted, wastedBytes }: ReasonProof) => (
  <tr>
    <th scope="row">{reason}</th>
    <td>
      {percent(accuracy)}
      <Bar
        total={hit + late + wasted}
        parts={[
          { name: 'hit', value: hit, tone: 'good' },
          { name: 'late', value: late, tone: 'late' },
          { name: 'wasted', value: wasted, tone: 'bad' },
        ]}
      />
    </td>
    <td>{count(hit)}</td>
    <td>{count(late)}</td>
    <td>{count(wasted)}</td>
    <td>{bytes(wastedBytes)}</td>
  </tr>
)
